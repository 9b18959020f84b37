import { reportPage } from './page/html.ts';
import { reportTable } from './report/table.ts';
import type { ReportData, WatchdogReport } from './types.ts';

export { reportTable };

/** The data with its two printers, which neither JSON nor a comparison sees. */
export function createReport(data: ReportData): WatchdogReport {
  const report = { ...data };
  const printers = {
    toString: { value: () => reportTable(report) },
    toHTML: { value: () => reportPage(report) },
  };
  return Object.defineProperties(report, printers) as WatchdogReport;
}
