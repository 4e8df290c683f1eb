"""Accounts, which Heroku Connect syncs both ways."""

from heroku_connect.db import models as hc_models


class Account(hc_models.HerokuConnectModel):
    """An Account of Salesforce."""

    sf_object_name = "Account"
    sf_access = hc_models.READ_WRITE

    created_date = hc_models.DateTime(sf_field_name="CreatedDate", null=True)
    name = hc_models.Text(sf_field_name="Name", max_length=255)
    key = hc_models.ExternalID(sf_field_name="Multiconnect_Id__c", upsert=True)
