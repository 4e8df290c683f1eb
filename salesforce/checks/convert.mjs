// Source to deployable metadata, by Salesforce's own library; and manifest/package.xml against it.
import fs from 'node:fs';
import path from 'node:path';
import { list, parseXml } from './project.mjs';

/** Converts each package directory into `out`; returns what is wrong, in words. */
export async function convert(project, out) {
  process.env.SF_DISABLE_LOG_FILE = 'true';
  const { default: library } = await import('@salesforce/source-deploy-retrieve');
  for (const directory of project.directories) {
    const components = library.ComponentSet.fromSource(directory);
    components.sourceApiVersion = project.settings.sourceApiVersion;
    const target = { type: 'directory', outputDirectory: path.join(out, path.basename(directory)), genUniqueDir: false };
    await new library.MetadataConverter().convert(components, 'metadata', target);
  }
  return compareManifests(project, path.join(out, path.basename(project.directories[0]), 'package.xml'));
}

function compareManifests(project, made) {
  const shown = path.join('manifest', 'package.xml');
  const [kept, wanted] = [path.join(project.root, shown), made].map(membersOf);
  return [
    ...[...wanted].filter((each) => !kept.has(each)).map((each) => `${shown}: lacks ${each}`),
    ...[...kept].filter((each) => !wanted.has(each)).map((each) => `${shown}: names ${each}, which is not there`),
  ];
}

function membersOf(file) {
  const manifest = parseXml(fs.readFileSync(file, 'utf8')).Package;
  const members = list(manifest.types).flatMap((type) => list(type.members).map((each) => `${type.name} ${each}`));
  return new Set([...members, `version ${manifest.version}`]);
}
