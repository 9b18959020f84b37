import { describe, expect, it } from 'vitest';

import type { ProgressNotice } from '../../../src/wire/messages/notices.ts';
import { ProgressSender } from '../../../src/worker/notices/progress-sender.ts';

function setUp(): { sender: ProgressSender; posted: ProgressNotice[]; channel: { room: number } } {
  const posted: ProgressNotice[] = [];
  const channel = { room: 0 };
  const sender = new ProgressSender({
    hasRoom: () => channel.room > 0,
    post: (notice) => {
      channel.room--;
      posted.push(notice);
    },
    copy: (notice) => ({ ...notice }),
  });
  return { sender, posted, channel };
}

const sendAll = (sender: ProgressSender, count: number): void => {
  for (let value = 0; value < count; value++) sender.send({ type: 'progress', id: 1, value });
};

describe('the progress values of a task', () => {
  it('are sent at once where there is room', () => {
    const { sender, posted, channel } = setUp();
    channel.room = 3;
    sendAll(sender, 3);
    expect(posted.map(({ value }) => value)).toEqual([0, 1, 2]);
  });

  it('keep their order when there is room again', () => {
    const { sender, posted, channel } = setUp();
    sendAll(sender, 2);
    channel.room = 5;
    sender.send({ type: 'progress', id: 1, value: 'last' });
    expect(posted.map(({ value }) => value)).toEqual([0, 1, 'last']);
  });

  it('are the newest 1,000 where there is no room, and say how many are missing', () => {
    const { sender, posted } = setUp();
    sendAll(sender, 10_000);
    expect(posted).toEqual([]);
    sender.flush();
    expect(posted.map(({ value }) => value)).toEqual(Array.from({ length: 1000 }, (_, i) => 9000 + i));
    expect(posted.map(({ dropped = 0 }) => dropped)).toEqual([9000, ...Array<number>(999).fill(0)]);
  });

  it('are sent as they were when they were reported', () => {
    const { sender, posted } = setUp();
    const notice = { type: 'progress', id: 1, value: 1 } as const;
    sender.send(notice);
    Object.assign(notice, { value: 2 });
    sender.flush();
    expect(posted).toEqual([{ type: 'progress', id: 1, value: 1 }]);
  });
});
