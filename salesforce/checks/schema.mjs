// The Metadata API's types, read from the declarations of @salesforce/types, which are generated
// from Salesforce's own WSDL.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const NOT_IN_FILES = new Set(['content']); // the bytes beside a -meta.xml

function declarations() {
  const main = require.resolve('@salesforce/types/metadata');
  return fs.readFileSync(path.join(path.dirname(main), 'metadata.d.ts'), 'utf8');
}

function readEnums(text) {
  const found = text.matchAll(/^export type (\w+) = ((?:'[^']*'(?: \| )?)+);/gm);
  return new Map(
    [...found].map(([, name, values]) => [name, new Set([...values.matchAll(/'([^']*)'/g)].map((each) => each[1]))]),
  );
}

function readTypes(text) {
  const found = text.matchAll(/^export type (\w+) = (?:(\w+) & )?\{\n([\s\S]*?)^\};/gm);
  return new Map([...found].map(([, name, base, body]) => [name, { base, elements: readElements(body) }]));
}

function readElements(body) {
  const found = body.matchAll(/^ {4}'?([\w$]+)'?(\?)?: ([^;]+);/gm);
  return new Map(
    [...found].map(([, name, optional, type]) => {
      const isList = type.endsWith('[]');
      return [name, { type: type.replace(/\[\]$/, ''), isList, isRequired: !optional && !isList }];
    }),
  );
}

const text = declarations();
export const enums = readEnums(text);
export const types = readTypes(text);

/** The elements of a type and of those it extends. */
export function elementsOf(name) {
  const type = types.get(name);
  if (!type) return new Map();
  const all = new Map([...(type.base ? elementsOf(type.base) : []), ...type.elements]);
  // A file's own name stands for fullName at its root.
  return new Map([...all].map(([key, element]) => [
    key,
    NOT_IN_FILES.has(key) || key === 'fullName' ? { ...element, isRequired: false } : element,
  ]));
}
