import { ServiceStatus } from './service-status.ts';

describe('service status', () => {
  test('is ready while every check is ok', async () => {
    const status = new ServiceStatus();
    let ok = true;
    status.addCheck('a', () => ({ ok: true }));
    status.addCheck('b', async () => ({ ok, detail: { lag: 3 } }));
    expect((await status.readiness()).ready).toBe(true);
    ok = false;
    expect(await status.readiness()).toEqual({
      ready: false,
      checks: { a: { ok: true }, b: { ok: false, detail: { lag: 3 } } },
    });
  });

  test('told to end, it is not ready any more although every check is ok', async () => {
    const status = new ServiceStatus();
    status.addCheck('a', () => ({ ok: true }));
    status.beginEnding();
    expect(await status.readiness()).toEqual({ ready: false, checks: { a: { ok: true }, ending: { ok: false } } });
  });

  test('a check that throws or hangs counts as failed', async () => {
    const status = new ServiceStatus();
    status.addCheck('throws', () => {
      throw new Error('gone');
    });
    status.addCheck('hangs', () => new Promise(() => undefined));
    const { ready, checks } = await status.readiness();
    expect(ready).toBe(false);
    expect(checks['throws']).toEqual({ ok: false, detail: 'gone' });
    expect(checks['hangs']).toMatchObject({ ok: false });
  });

  test('metrics are Prometheus text, one header per name', () => {
    const status = new ServiceStatus();
    status.counter('requests_total', 'Requests', { class: '2xx' }).add(3);
    status.counter('requests_total', 'Requests', { class: 'a"b' }).add();
    status.gauge('lag', 'Lag', () => 7);
    expect(status.metricsText()).toBe(
      [
        '# HELP throughline_requests_total Requests',
        '# TYPE throughline_requests_total counter',
        'throughline_requests_total{class="2xx"} 3',
        'throughline_requests_total{class="a\\"b"} 1',
        '# HELP throughline_lag Lag',
        '# TYPE throughline_lag gauge',
        'throughline_lag 7',
        '',
      ].join('\n'),
    );
  });

  test('one series cannot be registered twice', () => {
    const status = new ServiceStatus();
    status.counter('x_total', 'x');
    expect(() => status.counter('x_total', 'x')).toThrow('there already');
  });
});
