// Faults planted in a copy of the package: the check must find each one, and say where.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const CHECKS = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const SOURCE = path.join('force-app', 'main', 'default');
const CLASS = (name) => path.join(SOURCE, 'classes', `${name}.cls`);
const PAGE = path.join(SOURCE, 'pages', 'Multiconnect_Setup.page');
const ADMINISTRATOR = path.join(SOURCE, 'permissionsets', 'Multiconnect_Administrator.permissionset-meta.xml');
const INTEGRATION_USER = path.join(SOURCE, 'permissionsets', 'Multiconnect_Integration_User.permissionset-meta.xml');
const CLIENT_APP = path.join(SOURCE, 'externalClientApps', 'Multiconnect_Portal.eca-meta.xml');
const OAUTH = path.join(SOURCE, 'extlClntAppOauthSettings', 'Multiconnect_Portal_OAuth.ecaOauth-meta.xml');
const HUB = '00Dxx0000001gEREAY';
const TWEET = path.join(SOURCE, 'objects', 'Tweet__c');

const GLOBAL_OAUTH = `<?xml version="1.0" encoding="UTF-8"?>
<ExtlClntAppGlobalOauthSettings xmlns="http://soap.sforce.com/2006/04/metadata">
    <externalClientApplication>Multiconnect_Portal</externalClientApplication>
</ExtlClntAppGlobalOauthSettings>
`;

// [the fault, the file, what stands there (null: the file goes; undefined: it is new), what is put there, what the check says]
const FAULTS = [
  // Apex
  ['a type error', CLASS('CalloutSignature'), 'Long timestamp = now', 'Integer timestamp = now', /CalloutSignature\.cls.*Long/],
  ['an unknown method', CLASS('RegistrationCallout'), 'setTimeout(', 'setTimeOutt(', /setTimeOutt/],
  ['an unknown class', CLASS('RegistrationRetry'), 'new RegistrationJob()', 'new RegistrationJop()', /RegistrationJop/],
  ['a missing semicolon', CLASS('PostInstall'), 'context.installerId());', 'context.installerId())', /PostInstall\.cls/],
  ['a missing return', CLASS('Registration'), "return 'no message';", '', /Registration\.cls/],
  ['a handler without its method', CLASS('PostInstall'), 'void onInstall', 'void onInstalled', /onInstall/],
  ['a field that Apex misspells', CLASS('AuthConnection'), 'connection.Auth_URL__c', 'connection.Auth_URI__c', /Auth_URI__c/],
  ['an assignment to a constant', CLASS('CalloutSignature'), 'Blob mac =', 'MS_IN_A_SECOND = 1; Blob mac =', /MS_IN_A_SECOND|final/],
  ['an unknown annotation', CLASS('AuthConnection'), '@HttpPost', '@HttpPots', /@HttpPots/],
  ['a REST method that is not static', CLASS('AuthConnection'), 'global static void doPost', 'global void doPost', /not global static/],
  ['a job that is no job', CLASS('RegistrationRetry'), 'implements Schedulable', '', /Schedulable/],
  ['a class without a test', CLASS('PostInstallTest'), null, null, /no PostInstallTest/],
  // SOQL
  ['an unknown custom field in SOQL', CLASS('SetupController'), 'Next_Attempt__c, Status__c', 'Next_Attempt__c, Statuss__c', /SOQL names Connection__c\.Statuss__c/],
  ['an unknown standard field in SOQL', CLASS('RegistrationCallout'), 'SELECT Name, IsSandbox', 'SELECT Name, IsSandbocks', /SOQL names Organization\.IsSandbocks/],
  ['an unknown field of a parent in SOQL', CLASS('RegistrationCallout'), 'Profile.PermissionsModifyAllData', 'Profile.PermissionsModifyAll', /Profile\.PermissionsModifyAll/],
  ['an unknown field in a condition', CLASS('IntegrationPermissions'), 'WHERE AssigneeId = :userId AND PermissionSet.PermissionsApiEnabled', 'WHERE Assignee__c = :userId AND PermissionSet.PermissionsApiEnabled', /SOQL names PermissionSetAssignment\.Assignee__c/],
  // pages
  ['a binding to nothing', PAGE, '{!authorizeLink}', '{!authorizeUrl}', /Multiconnect_Setup\.page.*authorizeUrl/],
  ['a binding to an unknown field', PAGE, '{!connection.Attempts__c}', '{!connection.Attempt__c}', /Multiconnect_Setup\.page.*Attempt__c/],
  ['a binding to nothing in a row', PAGE, '{!step.words}', '{!step.word}', /Multiconnect_Setup\.page.*step\.word/],
  ['an action that is not there', PAGE, 'action="{!register}"', 'action="{!registerNow}"', /registerNow/],
  ['a controller that is not there', PAGE, 'controller="SetupController"', 'controller="SetupControler"', /SetupControler/],
  // security
  ['a write without a look at the rights', CLASS('AuthConnection'), 'upsert as user connection', 'upsert connection', /ApexCRUDViolation/],
  ['output that is not escaped', PAGE, 'value="{!step.words}" />', '><apex:outputText escape="false" value="{!step.words}" /></apex:column>', /VfUnescapeEl/],
  // metadata XML
  ['malformed XML', path.join(TWEET, 'fields', 'Body__c.field-meta.xml'), '</label>', '</lable>', /Body__c.*not well-formed/],
  ['an unknown element', path.join(SOURCE, 'objects', 'Connection__c', 'fields', 'Attempt_Log__c.field-meta.xml'), /visibleLines/g, 'visibleLnies', /unknown element <visibleLnies>/],
  ['a field type that does not exist', path.join(TWEET, 'fields', 'Time__c.field-meta.xml'), 'DateTime', 'DateAndTime', /'DateAndTime' is not one of FieldType/],
  ['a boolean that is none', path.join(SOURCE, 'remoteSiteSettings', 'Multiconnect_Portal.remoteSite-meta.xml'), '<isActive>true', '<isActive>yes', /'yes' is not a boolean/],
  ['a missing element', path.join(SOURCE, 'remoteSiteSettings', 'Multiconnect_Portal.remoteSite-meta.xml'), /<url>.*<\/url>/, '', /missing <url>/],
  // what names something
  ['a permission set for a class that is not there', ADMINISTRATOR, 'SetupController', 'SetupControl', /no class SetupControl/],
  ['a permission set for a field that is not there', INTEGRATION_USER, 'Tweet__c.Likes__c', 'Tweet__c.Loves__c', /no field Tweet__c\.Loves__c/],
  ['a permission set with a required field', INTEGRATION_USER, 'Tweet__c.Likes__c', 'Tweet__c.Body__c', /Body__c is required/],
  ['a packaged permission set for a standard object', INTEGRATION_USER, '<object>Tweet__c', '<object>Account', /cannot grant the standard object Account/],
  ['a field that no permission set grants', path.join(TWEET, 'fields', 'Body__c.field-meta.xml'), '<required>true', '<required>false', /no permission set grants/],
  ['a layout with an unknown field', path.join(SOURCE, 'layouts', 'Tweet__c-Tweet Layout.layout-meta.xml'), 'Likes__c', 'Loves__c', /no field Loves__c/],
  ['a list view with an unknown column', path.join(TWEET, 'listViews', 'All.listView-meta.xml'), 'Time__c', 'Tyme__c', /no field Tyme__c/],
  ['a related list by the wrong field', path.join(SOURCE, 'layouts', 'Account-Multiconnect Account Layout.layout-meta.xml'), 'Tweet__c.Account__c', 'Tweet__c.Time__c', /does not look up Account/],
  ['an app with an unknown tab', path.join(SOURCE, 'applications', 'Multiconnect.app-meta.xml'), '<tabs>Tweet__c', '<tabs>Toot__c', /no tab Toot__c/],
  ['a host that no Remote Site Setting names', path.join(SOURCE, 'customMetadata', 'Portal.Default.md-meta.xml'), 'your-app', 'another-app', /no active Remote Site Setting names https:\/\/another-app/],
  // the External Client App
  ['a client app that only its own org can use', CLIENT_APP, 'Packaged', 'Local', /distributionState has to be Packaged/],
  ['a client app under another name', CLIENT_APP, ':Multiconnect_Portal', ':Portal', /orgScopedExternalApp names Portal/],
  ['a client app that is not there', CLIENT_APP, null, null, /one External Client App/],
  ['OAuth settings of another app', OAUTH, '<externalClientApplication>Multiconnect_Portal', '<externalClientApplication>Portal', /no External Client App Portal/],
  ['a scope that the portal does not ask for', OAUTH, 'RefreshToken', 'RefreshToken, Full', /asks for the scopes Api, Basic, RefreshToken/],
  ['a scope that does not exist', OAUTH, 'RefreshToken', 'Refresh', /unknown scope Refresh/],
  ['a link to the Dev Hub in one file only', OAUTH, 'YOUR_DEV_HUB:YOUR_CONSUMER', `${HUB}:888xx0000004CAr`, /scripts\.client_app/],
  ['a consumer secret in the package', path.join(SOURCE, 'Portal.ecaGlblOauth-meta.xml'), undefined, GLOBAL_OAUTH, /never packaged: consumer key and secret/],
  // the project
  ['a class of an older API version', `${CLASS('PostInstall')}-meta.xml`, /[\d.]+(?=<\/apiVersion>)/, '59.0', /apiVersion is not/],
  ['an install script that is not there', 'sfdx-project.json', '"PostInstall"', '"PostInstal"', /postInstallScript/],
  ['a version that the callout does not tell', 'sfdx-project.json', '1.0.0.NEXT', '1.1.0.NEXT', /PACKAGE_VERSION/],
  ['a manifest that lacks a component', path.join('manifest', 'package.xml'), '<members>PostInstall</members>', '', /lacks ApexClass PostInstall/],
];

function copyOfPackage() {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'planted-'));
  for (const part of ['force-app', 'subscriber', 'manifest', 'sfdx-project.json']) {
    fs.cpSync(path.join(CHECKS, '..', part), path.join(copy, part), { recursive: true });
  }
  return copy;
}

function plant(copy, file, before, after) {
  const place = path.join(copy, file);
  if (before === null) return fs.rmSync(place);
  if (before === undefined) return fs.writeFileSync(place, after);
  const text = fs.readFileSync(place, 'utf8');
  const planted = text.replace(before, after);
  assert.notEqual(planted, text, `${file} holds ${before} no more: plant the fault elsewhere`);
  return fs.writeFileSync(place, planted);
}

function check(project) {
  return new Promise((resolve) => {
    const run = spawn(process.execPath, [path.join(CHECKS, 'check.mjs'), project]);
    let output = '';
    run.stdout.on('data', (data) => (output += data));
    run.stderr.on('data', (data) => (output += data));
    run.on('close', (code) => resolve({ code, output }));
  });
}

test('the package as it is passes', async () => {
  const copy = copyOfPackage();
  try {
    const { code, output } = await check(copy);
    assert.equal(code, 0, output);
  } finally {
    fs.rmSync(copy, { recursive: true });
  }
});

test('each planted fault is found', { concurrency: 2 }, async (context) => {
  await Promise.all(
    FAULTS.map(([fault, file, before, after, says]) =>
      context.test(fault, async () => {
        const copy = copyOfPackage();
        try {
          plant(copy, file, before, after);
          const { code, output } = await check(copy);
          assert.equal(code, 1, output);
          assert.match(output, says);
        } finally {
          fs.rmSync(copy, { recursive: true });
        }
      }),
    ),
  );
});
