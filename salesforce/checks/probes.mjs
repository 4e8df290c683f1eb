// What the type checker does not look into, written as Apex that it does look into: each field of a
// SOQL query, and each binding of a page, becomes a statement of a generated class.
import path from 'node:path';
import { bareApex, list } from './project.mjs';

const KEYWORDS = new Set(
  ('select from where and or not in like includes excludes order by asc desc nulls first last limit offset ' +
    'group having for update view reference all rows with user_mode system_mode security_enforced true false ' +
    'null typeof when then else end using scope').split(' '),
);
const DATE_LITERAL = /^(yesterday|today|tomorrow|(last|this|next)_\w+)$/i;

/** Returns {name, lines: [{code, file, says}]} to be written as the methods of one class. */
export function probesOf(project) {
  return [...soqlProbes(project), ...project.named('.page').flatMap(([, file]) => pageProbes(project, file))];
}

/** Renders probes as a class; a probe that does not compile is found again by its line number. */
export function renderProbes(name, probes) {
  const head = `public class ${name} {`;
  const methods = probes.map(({ code }, index) => `    void probe${index}() { ${code} }`);
  return [head, ...methods, '}', ''].join('\n');
}

// --- SOQL ----------------------------------------------------------------------------------------
function soqlProbes(project) {
  const children = childRelationships(project);
  return project.classes().flatMap(({ file, text }) =>
    queriesIn(bareApex(text)).flatMap((query) =>
      partsOf(query).flatMap(({ object, fields }) => {
        const type = children.get(object.toLowerCase()) || object;
        return fields.map((field) => ({
          file,
          says: `SOQL names ${object}.${field}`,
          code: `${type} record; Object value = record.${field};`,
        }));
      }),
    ),
  );
}

function childRelationships(project) {
  return new Map(
    project
      .fields()
      .filter(({ body }) => body.relationshipName)
      .map(({ object, body }) => [`${body.relationshipName}__r`.toLowerCase(), object]),
  );
}

function queriesIn(text) {
  return [...text.matchAll(/\[\s*(SELECT\b[^\]]*)\]/gi)].map((match) => match[1]);
}

/** Splits a query from its subqueries: [{object, fields}], the fields as they are written. */
function partsOf(query) {
  const parts = [];
  let text = query.replace(/'[^']*'/g, "''").replace(/:\s*[\w.]+(\([^()]*\))?/g, ' ');
  const inner = /\(\s*(SELECT\b[^()]*)\)/i;
  for (let match = inner.exec(text); match; match = inner.exec(text)) {
    parts.push(match[1]);
    text = text.replace(match[0], ' ');
  }
  return [...parts, text].map(readPart).filter(Boolean);
}

function readPart(text) {
  const from = /\bFROM\s+(\w+)/i.exec(text);
  if (!from) return null;
  const rest = text.replace(from[0], ' ');
  const names = [...rest.matchAll(/(?<![\w.])[A-Za-z_][\w.]*(?!\w|\s*\()/g)].map((match) => match[0]);
  const fields = names.filter((name) => !KEYWORDS.has(name.toLowerCase()) && !DATE_LITERAL.test(name));
  return { object: from[1], fields: [...new Set(fields)] };
}

// --- pages ---------------------------------------------------------------------------------------
function pageProbes(project, file) {
  const text = project.read(file).replace(/<!--[\s\S]*?-->/g, '');
  const controller = /<apex:page\b[^>]*\bcontroller="(\w+)"/.exec(text)?.[1];
  const source = project.classes().find(({ name }) => name.toLowerCase() === controller?.toLowerCase());
  if (!source) return [{ file, says: `the page's controller ${controller}`, code: `${controller} controller;` }];
  const page = { controller, text: source.text, rows: rowsOf(text) };
  return [...text.matchAll(/(\w+)="\{!([^}]*)\}"|\{!([^}]*)\}/g)].flatMap((match) => {
    const expression = match[2] ?? match[3];
    return pathsOf(expression).map((each) => ({
      file,
      says: `{!${expression}}`,
      code: bindingCode(page, each, match[1] === 'action'),
    }));
  });
}

/** Variables of tables and repeats: name -> the binding of the list that they run through. */
function rowsOf(text) {
  const tags = [...text.matchAll(/<apex:\w+\b[^>]*\bvar="(\w+)"[^>]*>/g)];
  return new Map(tags.map((tag) => [tag[1], /\bvalue="\{!\s*(\w+)\s*\}"/.exec(tag[0])?.[1]]));
}

function pathsOf(expression) {
  const bare = expression.replace(/'[^']*'|"[^"]*"/g, '');
  const names = [...bare.matchAll(/(?<![\w.$])[A-Za-z_][\w.]*(?!\w|\s*\()/g)].map((match) => match[0]);
  return list(names).filter((name) => !['true', 'false', 'null'].includes(name.toLowerCase()));
}

function bindingCode(page, binding, isAction) {
  const [root, ...rest] = binding.split('.');
  const start = `${page.controller} controller;`;
  if (isAction) return `${start} Object value = controller.${binding}();`;
  if (!page.rows.has(root)) return `${start} Object value = ${[readOf(page, root), ...rest].join('.')};`;
  const rows = page.rows.get(root);
  const type = new RegExp(`List<(\\w+)>\\s+(?:get)?${rows}\\b`, 'i').exec(page.text)?.[1] || 'UnknownList';
  const inner = new RegExp(`\\bclass\\s+${type}\\b`, 'i').test(page.text) ? `${page.controller}.${type}` : type;
  return `${start} for (${inner} row : ${readOf(page, rows)}) { Object value = ${['row', ...rest].join('.')}; }`;
}

function readOf(page, name) {
  const hasGetter = new RegExp(`\\bget${name}\\s*\\(`, 'i').test(page.text);
  return hasGetter ? `controller.get${name}()` : `controller.${name}`;
}

export const probeClassFile = (directory, name) => path.join(directory, 'main', 'default', 'classes', `${name}.cls`);
