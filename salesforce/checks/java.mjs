// The Java programs inside @salesforce/code-analyzer-pmd-engine. They are reached by path, which the
// package does not promise to keep: hence its exact version.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const BRIEF = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']; // for a run of seconds

/** Runs a main class; returns {status, stdout, stderr}. Throws where there is no Java. */
export function java(...args) {
  const engine = path.dirname(require.resolve('@salesforce/code-analyzer-pmd-engine/package.json'));
  const classPath = path.join(engine, 'dist', 'java-lib', '*');
  const run = spawnSync('java', [...BRIEF, '-cp', classPath, ...args], { encoding: 'utf8' });
  if (run.error) throw run.error;
  return run;
}
