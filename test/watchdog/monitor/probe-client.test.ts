import { describe, expect, it, vi } from 'vitest';

import { ProbeClient } from '../../../src/watchdog/monitor/probe-client.ts';

type Callback = (error: Error | null, answer?: unknown) => void;

const { sessions, Session } = vi.hoisted(() => {
  const sessions: FakeSession[] = [];
  /** An inspector session that responds when the test calls `answer`. */
  class FakeSession {
    isConnected = false;
    expression = '';
    answer: Callback = () => undefined;

    connectToMainThread(): void {
      this.isConnected = true;
      sessions.push(this);
    }

    post(_method: string, { expression }: { expression: string }, callback: Callback): void {
      this.expression = expression;
      this.answer = callback;
    }

    disconnect(): void {
      this.isConnected = false;
      process.nextTick(this.answer, new Error('closed'));
    }
  }
  return { sessions, Session: FakeSession };
});
vi.mock('node:inspector', () => ({ Session }));

describe('a question to the main thread', () => {
  it('disconnects the inspector once it is answered', async () => {
    const client = new ProbeClient(7, 0);
    const look = client.look(3);
    const session = await nextSession();
    expect(session.expression).toContain('.get(7)?.look(3)');
    expect(session.isConnected).toBe(true);
    session.answer(null, { result: { value: '{"at":1}' } });
    expect(await look).toEqual({ at: 1 });
    expect(session.isConnected).toBe(false);
  });

  it('disconnects the inspector when it fails, on either thread', async () => {
    const client = new ProbeClient(7, 0);
    const failures = [(answer: Callback) => { answer(new Error('refused')); }, (answer: Callback) => { answer(null, { exceptionDetails: { text: 'refused' } }); }];
    for (const fail of failures) {
      const look = expect(client.look(3)).rejects.toThrow('refused');
      const session = await nextSession();
      fail(session.answer);
      await look;
      expect(session.isConnected).toBe(false);
    }
  });

  it('that is closed early leaves the next question connected', async () => {
    const client = new ProbeClient(7, 0);
    const look = expect(client.look(3)).rejects.toThrow('closed');
    const asked = await nextSession();
    void client.exit(70).catch(() => undefined);
    const ending = await nextSession();
    asked.disconnect();
    await look;
    expect([asked.isConnected, ending.isConnected]).toEqual([false, true]);
    client.disconnect();
    expect(ending.isConnected).toBe(false);
  });
});

function nextSession(): Promise<InstanceType<typeof Session>> {
  return vi.waitFor(() => {
    const session = sessions.shift();
    if (session === undefined) throw new Error('Nothing is asked yet.');
    return session;
  }, { interval: 1 });
}
