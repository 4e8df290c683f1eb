"""What every page of the admin is made from: lists, search, filters, forms, actions."""
