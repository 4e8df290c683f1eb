"""Who the subscribers are: registration, Salesforce sign-in, e-mails, the timeline."""
