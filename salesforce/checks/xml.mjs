// Metadata XML against the Metadata API's types: well-formed, known elements, right values.
import fs from 'node:fs';
import { XMLValidator } from 'fast-xml-parser';
import { list, parseXml } from './project.mjs';
import { elementsOf, enums, types } from './schema.mjs';

const NAMESPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"';
const CHECKED = /-meta\.xml$|\.(object|app|tab|permissionset|remoteSite|layout|md)$|package\.xml$/;

export const isMetadata = (file) => CHECKED.test(file);

/** Returns what is wrong with one file, in words. */
export function checkFile(file) {
  const text = fs.readFileSync(file, 'utf8');
  const wellFormed = XMLValidator.validate(text);
  if (wellFormed !== true) return [`not well-formed: ${wellFormed.err.msg} (line ${wellFormed.err.line})`];
  const [[root, body], ...more] = Object.entries(parseXml(text));
  if (more.length || !types.has(root)) return [`unknown root <${root}>`];
  const wrong = text.includes(NAMESPACE) ? [] : ['wrong or missing namespace'];
  return [...wrong, ...checkNode(root, body, root)];
}

function checkNode(at, node, type) {
  if (typeof node !== 'object') return node === '' ? [] : [`${at}: expected a ${type}, not text`];
  const elements = elementsOf(type);
  const wrong = Object.entries(node).flatMap(([name, value]) => checkElement(at, name, value, type, elements.get(name)));
  for (const [name, element] of elements) {
    if (element.isRequired && !(name in node)) wrong.push(`${at}: missing <${name}> of ${type}`);
  }
  return wrong;
}

function checkElement(at, name, value, type, element) {
  if (!element) return [`${at}: unknown element <${name}> in ${type}`];
  const values = list(value);
  const wrong = values.length > 1 && !element.isList ? [`${at}/${name}: repeated, but not a list`] : [];
  return [...wrong, ...values.flatMap((each) => checkValue(`${at}/${name}`, each, element.type))];
}

function checkValue(at, value, type) {
  if (types.has(type)) return checkNode(at, value, type);
  if (typeof value === 'object') return type === 'string' ? [`${at}: expected text`] : [];
  if (type === 'boolean' && !['true', 'false'].includes(value)) return [`${at}: '${value}' is not a boolean`];
  if (type === 'number' && (value === '' || Number.isNaN(Number(value)))) return [`${at}: '${value}' is not a number`];
  if (enums.has(type) && !enums.get(type).has(value)) return [`${at}: '${value}' is not one of ${type}`];
  return [];
}
