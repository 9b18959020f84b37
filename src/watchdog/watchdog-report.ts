import { reportPage } from './page/html.ts';
import { reportTable } from './report/table.ts';
import type { ReportData, WatchdogReport } from './types.ts';

/** Makes a report from its data: the two printers are not enumerable, so JSON and comparisons see the data only. */
export function createReport(data: ReportData): WatchdogReport {
  const report = { ...data };
  const printers = {
    toString: { value: () => reportTable(report) },
    toHTML: { value: () => reportPage(report) },
  };
  return Object.defineProperties(report, printers) as WatchdogReport;
}
