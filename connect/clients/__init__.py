"""HTTP clients of Heroku, Heroku Connect and Salesforce, with typed errors."""
