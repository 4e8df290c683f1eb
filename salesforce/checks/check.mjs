// Everything that can be found about the package without an org. usage: node check.mjs <project>
// The Apex tests are type-checked like all Apex; nothing here can run them.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkApex } from './apex.mjs';
import { convert } from './convert.mjs';
import { filesUnder, Project } from './project.mjs';
import { checkReferences } from './references.mjs';
import { checkSecurity } from './security.mjs';
import { checkFile, isMetadata } from './xml.mjs';

const STEPS = [
  ['metadata XML fits the Metadata API', checkXml],
  ['what names something names what is there', checkReferences],
  ['Apex, SOQL fields and page bindings type-check', (project) => checkApex(project)],
  ['and under a namespace', (project) => checkApex(project, 'hcmc')],
  ['the rules for secure Apex and pages are kept', checkSecurity],
  ['converts to deployable metadata', checkConversion],
];

function checkXml(project) {
  const files = [...project.files, path.join(project.root, 'manifest', 'package.xml')].filter(isMetadata);
  return files.flatMap((file) => checkFile(file).map((problem) => `${project.shown(file)}: ${problem}`));
}

async function checkConversion(project) {
  const out = fs.mkdtempSync(path.join(os.tmpdir(), 'mdapi-'));
  try {
    const problems = await convert(project, out);
    const made = filesUnder(out).filter(isMetadata);
    return [...problems, ...made.flatMap((file) => checkFile(file).map((each) => `${path.relative(out, file)}: ${each}`))];
  } finally {
    fs.rmSync(out, { recursive: true, force: true });
  }
}

/** Runs the steps, and stops at the first that finds something. Returns whether all were clean. */
async function check(root) {
  let project;
  for (const [name, step] of STEPS) {
    project ??= new Project(root);
    const problems = await step(project);
    problems.forEach((problem) => console.log(problem));
    console.log(`${problems.length ? 'FAIL' : 'ok'}  ${name}`);
    if (problems.length) return false;
  }
  return true;
}

process.exit((await check(process.argv[2] ?? '..')) ? 0 : 1);
