// PMD's security rules, those of Salesforce's own review among them: access checks of SOQL and DML,
// injection, unescaped output. PMD passes over what it cannot parse, so this comes after the types.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { java } from './java.mjs';

const MAIN = 'com.salesforce.sfca.pmdwrapper.PmdWrapper';
const RULES = ['category/apex/security.xml', 'category/visualforce/security.xml'];

/** Returns what is wrong, in words. */
export function checkSecurity(project) {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'pmd-'));
  try {
    return violations(run(project, work)).map(
      ({ rule, file, line, message }) => `${project.shown(file)}: line ${line}: ${rule}: ${message}`,
    );
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

function run(project, work) {
  const [rules, input, output] = ['rules.xml', 'input.json', 'output.json'].map((name) => path.join(work, name));
  fs.writeFileSync(rules, ruleSet());
  const files = (suffix) => ({ filesToScan: project.named(suffix).map(([, file]) => file) });
  const runDataPerLanguage = { apex: files('.cls'), visualforce: files('.page') };
  fs.writeFileSync(input, JSON.stringify({ ruleSetInputFile: rules, runDataPerLanguage }));
  const { status, stderr } = java(MAIN, 'run', input, output);
  if (status !== 0) throw new Error(`PMD ended with ${status}: ${stderr}`);
  return JSON.parse(fs.readFileSync(output, 'utf8'));
}

function ruleSet() {
  const rules = RULES.map((rule) => `<rule ref="${rule}"/>`).join('');
  const namespace = 'http://pmd.sourceforge.net/ruleset/2.0.0';
  return `<?xml version="1.0"?><ruleset name="security" xmlns="${namespace}"><description/>${rules}</ruleset>`;
}

function violations(results) {
  const failed = (results.processingErrors ?? []).map((each) => ({ rule: 'PMD', file: each.file, line: 0, message: each.message }));
  const found = results.violations.map(({ rule, message, codeLocation }) => ({
    rule,
    message: message.replace(/\s+/g, ' ').trim(),
    file: codeLocation.file,
    line: codeLocation.startLine,
  }));
  return [...failed, ...found];
}
