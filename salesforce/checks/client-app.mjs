// The External Client App that subscribers sign in to. Only a packaged one works in their orgs, and its
// consumer key and secret stay in the Dev Hub: the package holds a link to them.
import { enums } from './schema.mjs';

// What the portal asks for: SOCIAL_AUTH_SALESFORCE_SCOPE in its settings.
const SCOPES = ['Api', 'Basic', 'RefreshToken'];
const NEVER_PACKAGED = {
  ecaGlblOauth: 'consumer key and secret stay in the Dev Hub',
  ecaPlcy: 'policies belong to each org',
  ecaOauthPlcy: 'policies belong to each org',
};
const PLACEHOLDER = { hub: 'YOUR_DEV_HUB', consumer: 'YOUR_CONSUMER' };
const ID = /^[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?$/;

/** Returns what is wrong, in words. */
export function checkClientApp(project) {
  const apps = project.metadata('eca');
  const settings = project.metadata('ecaOauth');
  const unwanted = Object.entries(NEVER_PACKAGED).flatMap(([kind, why]) =>
    project.metadata(kind).map(({ file }) => `${project.shown(file)}: never packaged: ${why}`),
  );
  if (apps.length !== 1 || settings.length !== 1) {
    return [...unwanted, 'the package has to hold one External Client App with OAuth settings'];
  }
  const [app, oauth] = [apps[0], settings[0]];
  const say = ({ file }, problems) => problems.map((problem) => `${project.shown(file)}: ${problem}`);
  return [...unwanted, ...say(app, appRules(app)), ...say(oauth, oauthRules(oauth, app)), ...links(project, app, oauth)];
}

function appRules({ name, body }) {
  const named = body.orgScopedExternalApp?.split(':')[1];
  return [
    ...(body.distributionState === 'Packaged' ? [] : ['distributionState has to be Packaged, or no other org can use it']),
    ...(named === name ? [] : [`orgScopedExternalApp names ${named}, not ${name}`]),
    ...(body.contactEmail ? [] : ['there is no contactEmail']),
  ];
}

function oauthRules({ body }, app) {
  const scopes = (body.commaSeparatedOauthScopes ?? '').split(',').map((each) => each.trim());
  const known = enums.get('ConnectedAppOauthAccessScope');
  const unequal = [...scopes].sort().join() !== SCOPES.join();
  return [
    ...(body.externalClientApplication === app.name ? [] : [`there is no External Client App ${body.externalClientApplication}`]),
    ...scopes.filter((each) => !known.has(each)).map((each) => `unknown scope ${each}`),
    ...(unequal ? [`the portal asks for the scopes ${SCOPES.join(', ')}`] : []),
  ];
}

/** Both files hold placeholders, or the ids of one Dev Hub. `python -m scripts.client_app` fills them in. */
function links(project, app, oauth) {
  const [hub] = (app.body.orgScopedExternalApp ?? '').split(':');
  const [linked, consumer] = (oauth.body.oauthLink ?? '').split(':');
  const where = `${project.shown(oauth.file)}:`;
  if (hub === PLACEHOLDER.hub && linked === PLACEHOLDER.hub && consumer === PLACEHOLDER.consumer) return [];
  if (![hub, linked].every((each) => ID.test(each ?? '') && each.startsWith('00D')) || !ID.test(consumer ?? '')) {
    return [`${where} oauthLink and orgScopedExternalApp need the Dev Hub's org id and the consumer's: python -m scripts.client_app`];
  }
  return hub.slice(0, 15) === linked.slice(0, 15) ? [] : [`${where} oauthLink is of the org ${linked}, the app of ${hub}`];
}
