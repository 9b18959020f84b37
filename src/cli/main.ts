#!/usr/bin/env node
import { readFileSync } from 'node:fs';

import { whyNotWritable } from '../register/report-file.ts';
import { writeWhole } from '../watchdog/report/log.ts';
import { parseCommand, UsageError, type Command } from './arguments.ts';
import { overview, runHelp, usage } from './help.ts';
import { run } from './run.ts';

try {
  obey(parseCommand(process.argv.slice(2), process.env));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  writeWhole(2, `offloop: ${error.message}\n${usage}\n`);
  process.exitCode = 2;
}

function obey(command: Command): void {
  if (command.type === 'overview') writeWhole(1, overview);
  else if (command.type === 'run help') writeWhole(1, runHelp);
  else if (command.type === 'version') writeWhole(1, `${version()}\n`);
  else {
    const reason = command.report === undefined ? undefined : whyNotWritable(command.report);
    if (reason !== undefined) throw new UsageError(`no report can be written: ${reason}`);
    void run(command);
  }
}

function version(): string {
  const { version: own } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return own;
}
