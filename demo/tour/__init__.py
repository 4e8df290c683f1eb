"""What the demo shows beside the product: a short tour, and a mailbox with all mails."""
