"""Data between Postgres and an emulated org, moved as Heroku Connect moves it."""
