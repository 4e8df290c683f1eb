"""An emulated Salesforce org: its objects, records and rules."""
