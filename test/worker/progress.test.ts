import { describe, expect, it } from 'vitest';

import type { ProgressNotice } from '../../src/wire/messages.ts';
import { Reports } from '../../src/worker/progress.ts';

function setUp(): { reports: Reports; posted: ProgressNotice[]; line: { room: number } } {
  const posted: ProgressNotice[] = [];
  const line = { room: 0 };
  const reports = new Reports({
    hasRoom: () => line.room > 0,
    post: (notice) => {
      line.room--;
      posted.push(notice);
    },
    copy: (notice) => ({ ...notice }),
  });
  return { reports, posted, line };
}

const reportAll = (reports: Reports, count: number): void => {
  for (let value = 0; value < count; value++) reports.report({ type: 'progress', id: 1, value });
};

describe('the reports of a task', () => {
  it('go out at once where there is room', () => {
    const { reports, posted, line } = setUp();
    line.room = 3;
    reportAll(reports, 3);
    expect(posted.map(({ value }) => value)).toEqual([0, 1, 2]);
  });

  it('keep their order when there is room again', () => {
    const { reports, posted, line } = setUp();
    reportAll(reports, 2);
    line.room = 5;
    reports.report({ type: 'progress', id: 1, value: 'last' });
    expect(posted.map(({ value }) => value)).toEqual([0, 1, 'last']);
  });

  it('are the newest 1,000 where there is no room, and say how many are missing', () => {
    const { reports, posted } = setUp();
    reportAll(reports, 10_000);
    expect(posted).toEqual([]);
    reports.finish();
    expect(posted.map(({ value }) => value)).toEqual(Array.from({ length: 1000 }, (_, i) => 9000 + i));
    expect(posted.map(({ dropped = 0 }) => dropped)).toEqual([9000, ...Array<number>(999).fill(0)]);
  });

  it('are what they were when they were reported', () => {
    const { reports, posted } = setUp();
    const notice = { type: 'progress', id: 1, value: 1 } as const;
    reports.report(notice);
    Object.assign(notice, { value: 2 });
    reports.finish();
    expect(posted).toEqual([{ type: 'progress', id: 1, value: 1 }]);
  });
});
