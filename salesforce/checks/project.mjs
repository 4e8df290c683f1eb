// A Salesforce DX project as the checks see it: its files, and its metadata as parsed XML.
import fs from 'node:fs';
import path from 'node:path';
import { XMLParser } from 'fast-xml-parser';

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  parseTagValue: false,
  trimValues: true,
});

export const parseXml = (text) => parser.parse(text);
export const list = (value) => (value === undefined ? [] : [value].flat());

export function filesUnder(directory) {
  return fs
    .readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.name !== 'node_modules')
    .flatMap((entry) => {
      const file = path.join(directory, entry.name);
      return entry.isDirectory() ? filesUnder(file) : [file];
    });
}

export class Project {
  constructor(root) {
    this.root = path.resolve(root);
    this.settings = JSON.parse(fs.readFileSync(path.join(this.root, 'sfdx-project.json'), 'utf8'));
    this.directories = this.settings.packageDirectories.map((each) => path.join(this.root, each.path));
    this.files = this.directories.flatMap(filesUnder);
  }

  /** The file's name, as people look for it. */
  shown(file) {
    return path.relative(this.root, file);
  }

  read(file) {
    return fs.readFileSync(file, 'utf8');
  }

  /** Files that end so, as [name without the ending, file]. */
  named(suffix) {
    return this.files
      .filter((file) => file.endsWith(suffix))
      .map((file) => [path.basename(file, suffix), file]);
  }

  /** Metadata files of a kind, as {name, file, body}: the XML below the root element. */
  metadata(kind) {
    return this.named(`.${kind}-meta.xml`).map(([name, file]) => ({
      name,
      file,
      body: Object.values(parseXml(this.read(file)))[0] || {},
    }));
  }

  /** Custom fields as {object, name, file, body}. */
  fields() {
    return this.metadata('field').map((field) => ({
      ...field,
      object: path.basename(path.dirname(path.dirname(field.file))),
    }));
  }

  classes() {
    return this.named('.cls').map(([name, file]) => ({ name, file, text: this.read(file) }));
  }
}

/** Apex without its comments, and with the text of its strings blanked; places stay where they are. */
export function bareApex(text) {
  const blank = (match) => match.replace(/[^\n]/g, ' ');
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'/g, (match) =>
    match.startsWith("'") ? `'${blank(match.slice(1, -1))}'` : blank(match),
  );
}
