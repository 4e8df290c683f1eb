// All Apex, type-checked against the platform's own types by apex-ls.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { java, NEWEST_VERSION } from './java.mjs';
import { probeClassFile, probesOf, renderProbes } from './probes.mjs';

const MAIN = 'io.github.apexdevtools.apexls.CheckForIssues';
const PROBES = 'GeneratedProbes';
const META =
  '<?xml version="1.0"?><ApexClass xmlns="http://soap.sforce.com/2006/04/metadata">' +
  `<apiVersion>${NEWEST_VERSION}</apiVersion><status>Active</status></ApexClass>`;

/** Returns what is wrong, in words; `namespace` replaces the project's own. */
export function checkApex(project, namespace) {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'apex-'));
  try {
    const probes = probesOf(project);
    writeCopy(project, copy, namespace, probes);
    return problemsIn(typeCheck(copy), project, copy, probes);
  } finally {
    fs.rmSync(copy, { recursive: true, force: true });
  }
}

function writeCopy(project, copy, namespace, probes) {
  for (const each of project.settings.packageDirectories) {
    fs.cpSync(path.join(project.root, each.path), path.join(copy, each.path), { recursive: true });
  }
  const settings = { ...project.settings, namespace: namespace ?? project.settings.namespace };
  fs.writeFileSync(path.join(copy, 'sfdx-project.json'), JSON.stringify(settings));
  const main = path.join(copy, project.settings.packageDirectories[0].path);
  const file = probeClassFile(main, PROBES);
  fs.writeFileSync(file, renderProbes(PROBES, probes));
  fs.writeFileSync(`${file}-meta.xml`, META);
}

function typeCheck(directory) {
  const run = java(MAIN, '-w', directory, '-n', '-d', 'warnings');
  // A warning (an assignment to a final, a reserved name) leaves the exit code at 0, and fails here.
  return run.status === 0 || run.stdout.trim() ? run.stdout : `checker\nError: exit ${run.status} ${run.stderr}`;
}

/** apex-ls prints a file's path, and below it a line for each issue. */
function problemsIn(output, project, copy, probes) {
  const problems = [];
  let file = '';
  for (const line of output.split('\n').filter((each) => each.trim())) {
    const issue = /^(\w+): (?:line (\d+).*?: )?(.*)$/.exec(line);
    if (!issue) file = line.replace(copy + path.sep, '');
    else problems.push(...located(file, issue, line, project, probes));
  }
  return problems;
}

function located(file, [, , row, message], line, project, probes) {
  if (!file.endsWith(`${PROBES}.cls`)) return [`${file}: ${line}`];
  const probe = probes[Number(row) - 2];
  return [probe ? `${project.shown(probe.file)}: ${probe.says}: ${message}` : `${file}: ${line}`];
}
