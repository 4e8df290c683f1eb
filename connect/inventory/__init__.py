"""What Heroku has and what our rows say: compared, adopted, deleted."""
