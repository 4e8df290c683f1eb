// What one file says of another: permission sets, layouts, list views, tabs, the app, the packaged
// settings, the project file, and the rules of Apex that the type checker does not know.
import { checkClientApp } from './client-app.mjs';
import { NEWEST_VERSION } from './java.mjs';
import { bareApex, list } from './project.mjs';

const STANDARD_FIELDS = new Set(['id', 'name', 'ownerid', 'createdbyid', 'createddate', 'lastmodifiedbyid', 'lastmodifieddate']);
const ANNOTATIONS = new Set(
  'istest testvisible testsetup future auraenabled invocablemethod restresource httpget httppost httpput httppatch httpdelete suppresswarnings readonly deprecated'.split(' '),
);

/** Returns what is wrong, in words. */
export function checkReferences(project) {
  const known = namesOf(project);
  return [
    ...permissionSets(project, known),
    ...layouts(project, known),
    ...listViews(project, known),
    ...navigation(project, known),
    ...settings(project, known),
    ...projectFile(project),
    ...versions(project),
    ...checkClientApp(project),
    ...apexRules(project),
  ];
}

const isCustom = (name) => /__(c|mdt)$/i.test(name);
const lower = (name) => name.toLowerCase();

function namesOf(project) {
  const fields = new Map(project.fields().map((field) => [lower(`${field.object}.${field.name}`), field]));
  const setOf = (kind) => new Set(project.metadata(kind).map(({ name }) => lower(name)));
  return {
    fields,
    objects: setOf('object'),
    tabs: setOf('tab'),
    apps: setOf('app'),
    classes: new Set(project.classes().map(({ name }) => lower(name))),
    pages: new Set(project.named('.page').map(([name]) => lower(name))),
  };
}

// --- permission sets -----------------------------------------------------------------------------
function permissionSets(project, known) {
  const sets = project.metadata('permissionset');
  const dangling = sets.flatMap(({ file, body }) => [
    ...missing(project, file, 'class', list(body.classAccesses), 'apexClass', known.classes),
    ...missing(project, file, 'page', list(body.pageAccesses), 'apexPage', known.pages),
    ...missing(project, file, 'app', list(body.applicationVisibilities), 'application', known.apps),
    ...missing(project, file, 'tab', list(body.tabSettings), 'tab', known.tabs),
    ...missing(project, file, 'object', list(body.objectPermissions).filter(({ object }) => isCustom(object)), 'object', known.objects),
    ...fieldPermissions(project, known, file, body),
    ...notPackaged(project, file, body),
  ]);
  return [...dangling, ...ungranted(project, known, sets)];
}

function missing(project, file, what, entries, key, names) {
  return entries
    .filter((entry) => !names.has(lower(entry[key])))
    .map((entry) => `${project.shown(file)}: there is no ${what} ${entry[key]}`);
}

function fieldPermissions(project, known, file, body) {
  const named = list(body.fieldPermissions).map(({ field }) => field).filter(isCustom);
  return named.flatMap((name) => {
    const field = known.fields.get(lower(name));
    if (!field) return [`${project.shown(file)}: there is no field ${name}`];
    return isRequired(field) ? [`${project.shown(file)}: ${name} is required, so it may not be in a permission set`] : [];
  });
}

const isRequired = ({ body }) => body.required === 'true' || body.type === 'MasterDetail';

/** A managed package's permission sets lose these on the way, without a word. */
function notPackaged(project, file, body) {
  if (!file.startsWith(project.directories[0])) return [];
  const standard = list(body.objectPermissions).filter(({ object }) => !isCustom(object));
  return [
    ...standard.map(({ object }) => `${project.shown(file)}: a managed package cannot grant the standard object ${object}`),
    ...list(body.userPermissions).map(({ name }) => `${project.shown(file)}: a managed package cannot grant the user permission ${name}`),
  ];
}

function ungranted(project, known, sets) {
  const granted = new Set(sets.flatMap(({ body }) => list(body.fieldPermissions).map(({ field }) => lower(field))));
  const open = [...known.fields.values()].filter((field) => !isRequired(field) && !field.object.endsWith('__mdt'));
  return open
    .filter(({ object, name }) => !granted.has(lower(`${object}.${name}`)))
    .map(({ file }) => `${project.shown(file)}: no permission set grants this field`);
}

// --- screens -------------------------------------------------------------------------------------
function layouts(project, known) {
  return project.metadata('layout').flatMap(({ name, file, body }) => {
    const object = name.split('-')[0];
    const items = list(body.layoutSections).flatMap((section) => list(section.layoutColumns).flatMap((column) => list(column.layoutItems)));
    const fields = items.map(({ field }) => field).filter(Boolean);
    return [
      ...unknownFields(project, known, file, object, fields),
      ...list(body.relatedLists).flatMap((related) => relatedList(project, known, file, object, related)),
    ];
  });
}

function relatedList(project, known, file, object, { relatedList: name, fields }) {
  const [child, lookup] = name.split('.');
  if (!isCustom(child)) return [];
  const field = known.fields.get(lower(name));
  if (field?.body.referenceTo !== object) return [`${project.shown(file)}: ${child}.${lookup} does not look up ${object}`];
  return unknownFields(project, known, file, child, list(fields));
}

function listViews(project, known) {
  return project.metadata('listView').flatMap(({ file, body }) => {
    const object = file.split(/[\\/]/).at(-3);
    const filters = list(body.filters).map(({ field }) => field);
    return unknownFields(project, known, file, object, [...list(body.columns), ...filters]);
  });
}

function unknownFields(project, known, file, object, names) {
  const unknown = (name) =>
    isCustom(name)
      ? !known.fields.has(lower(`${object}.${name}`))
      : isCustom(object) && !STANDARD_FIELDS.has(lower(name));
  return names.filter(unknown).map((name) => `${project.shown(file)}: ${object} has no field ${name}`);
}

function navigation(project, known) {
  const tabs = project.metadata('tab').flatMap(({ name, file, body }) => [
    ...(body.page && !known.pages.has(lower(body.page)) ? [`${project.shown(file)}: there is no page ${body.page}`] : []),
    ...(body.customObject === 'true' && !known.objects.has(lower(name)) ? [`${project.shown(file)}: there is no object ${name}`] : []),
  ]);
  const apps = project.metadata('app').flatMap(({ file, body }) =>
    list(body.tabs)
      .filter((tab) => !tab.startsWith('standard-') && !known.tabs.has(lower(tab)))
      .map((tab) => `${project.shown(file)}: there is no tab ${tab}`),
  );
  return [...tabs, ...apps];
}

// --- the packaged settings -----------------------------------------------------------------------
function settings(project, known) {
  return project.metadata('md').flatMap(({ name, file, body }) => {
    const type = `${name.split('.')[0]}__mdt`;
    const values = new Map(list(body.values).map((each) => [lower(each.field), each]));
    const wanted = [...known.fields.values()].filter(({ object }) => lower(object) === lower(type));
    return [
      ...[...values.values()]
        .filter((each) => !known.fields.has(lower(`${type}.${each.field}`)))
        .map((each) => `${project.shown(file)}: ${type} has no field ${each.field}`),
      ...wanted
        .filter((field) => isRequired(field) && !values.get(lower(field.name))?.value)
        .map((field) => `${project.shown(file)}: ${field.name} is required`),
      ...hostsAgree(project, file, values.get('host__c')?.value),
    ];
  });
}

/** A callout to a host that no Remote Site Setting names is refused by the platform. */
function hostsAgree(project, file, host) {
  const sites = project.metadata('remoteSite').filter(({ body }) => body.isActive === 'true');
  if (!host || sites.some(({ body }) => body.url === `https://${host}`)) return [];
  return [`${project.shown(file)}: no active Remote Site Setting names https://${host}`];
}

// --- the project file ----------------------------------------------------------------------------
function projectFile(project) {
  const [packaged] = project.settings.packageDirectories;
  const classes = new Map(project.classes().map((each) => [each.name, each.text]));
  const version = /PACKAGE_VERSION = '([^']*)'/.exec([...classes.values()].join('\n'))?.[1];
  const scripts = [
    ['postInstallScript', 'InstallHandler'],
    ['uninstallScript', 'UninstallHandler'],
  ];
  return [
    ...scripts
      .filter(([key, handler]) => !new RegExp(`\\bglobal\\b.*\\bimplements\\b.*\\b${handler}\\b`).test(classes.get(packaged[key]) ?? ''))
      .map(([key, handler]) => `sfdx-project.json: ${key} names no global class that implements ${handler}`),
    ...(packaged.versionNumber === `${version}.NEXT` ? [] : [`sfdx-project.json: versionNumber ${packaged.versionNumber} is not PACKAGE_VERSION ${version}`]),
  ];
}

/** One API version everywhere: the newest that the stubs of the type checker know. */
function versions(project) {
  const named = project.files.filter((file) => /\.(cls|page)-meta\.xml$/.test(file));
  const wrong = named.filter((file) => !project.read(file).includes(`<apiVersion>${NEWEST_VERSION}</apiVersion>`));
  return [
    ...wrong.map((file) => `${project.shown(file)}: apiVersion is not ${NEWEST_VERSION}`),
    ...(project.settings.sourceApiVersion === NEWEST_VERSION ? [] : [`sfdx-project.json: sourceApiVersion is not ${NEWEST_VERSION}`]),
  ];
}

// --- Apex ----------------------------------------------------------------------------------------
function apexRules(project) {
  const classes = project.classes().map((each) => ({ ...each, bare: bareApex(each.text) }));
  const files = new Set(project.files);
  return classes.flatMap((each) =>
    [
      ...(files.has(`${each.file}-meta.xml`) ? [] : ['there is no -meta.xml']),
      ...annotations(each),
      ...restService(each),
      ...jobs(each, classes),
      ...tests(each, classes),
    ].map((problem) => `${project.shown(each.file)}: ${problem}`),
  );
}

function annotations({ bare }) {
  const names = [...bare.matchAll(/@(\w+)/g)].map((match) => match[1]);
  return names.filter((name) => !ANNOTATIONS.has(lower(name))).map((name) => `unknown annotation @${name}`);
}

function restService({ text, bare }) {
  if (!/@RestResource/i.test(bare)) return [];
  const methods = [...bare.matchAll(/@Http\w+\s+([^({]*)\(/gi)].map((match) => match[1]);
  return [
    ...(/@RestResource\s*\(\s*urlMapping\s*=\s*'\/[^']*'\s*\)/i.test(text) ? [] : ["@RestResource takes urlMapping='/…'"]),
    ...(/@RestResource[^{]*\bglobal\b[^{]*\bclass\b/i.test(bare) ? [] : ['a REST service is a global class']),
    ...methods.filter((each) => !/\bglobal\s+static\b/i.test(each)).map((each) => `${each.trim()} of a REST service is not global static`),
  ];
}

function jobs({ bare }, classes) {
  const kinds = [
    [/\benqueueJob\s*\(\s*new\s+(\w+)/gi, 'Queueable'],
    [/\bSystem\s*\.\s*schedule\s*\([^;]*\bnew\s+(\w+)/gi, 'Schedulable'],
  ];
  return kinds.flatMap(([pattern, kind]) =>
    [...bare.matchAll(pattern)]
      .filter(([, name]) => !classes.some((each) => each.name === name && new RegExp(`implements[^{]*\\b${kind}\\b`).test(each.bare)))
      .map(([, name]) => `${name} is not ${kind}`),
  );
}

/** Coverage cannot be measured without an org: at least each class has a test class of its own. */
function tests({ name, bare }, classes) {
  if (/@IsTest/i.test(bare) || classes.some((each) => each.name === `${name}Test`)) return [];
  return [`there is no ${name}Test`];
}
