import { hostConfig } from './host-config.ts';

const ENOUGH = {
  NATS_URL: 'nats://127.0.0.1:7422',
  DATABASE_URL: 'postgresql://u:p@127.0.0.1:7432/throughline',
  THROUGHLINE_API_KEYS_FILE: '/keys.json',
};

describe('host configuration', () => {
  test('ports follow the service and the base', () => {
    expect(hostConfig('orchestrator', ENOUGH)).toMatchObject({ host: '127.0.0.1', port: 7401 });
    expect(hostConfig('telemetry-ingestor', { ...ENOUGH, THROUGHLINE_PORT_BASE: '8000' }).port).toBe(8005);
    expect(hostConfig('audit-service', { ...ENOUGH, PORT: '1234', HOST: '0.0.0.0' })).toMatchObject({
      host: '0.0.0.0',
      port: 1234,
    });
  });

  test('every wrong or missing variable is named at once', () => {
    expect(() => hostConfig('orchestrator', { PORT: 'many', DATABASE_URL: 'mysql://x', NATS_URL: '' })).toThrow(
      /PORT: [\s\S]*NATS_URL: [\s\S]*DATABASE_URL: [\s\S]*THROUGHLINE_API_KEYS_FILE: /,
    );
  });

  test('a cluster is named by all its servers, and says how many hold each stream', () => {
    const monitors = 'http://a:8222,http://b:8222';
    expect(hostConfig('orchestrator', ENOUGH)).toMatchObject({ natsMonitorUrl: undefined, replicas: 1 });
    expect(
      hostConfig('orchestrator', { ...ENOUGH, NATS_MONITOR_URL: monitors, THROUGHLINE_REPLICAS: '3' }),
    ).toMatchObject({ natsMonitorUrl: monitors, replicas: 3 });
    expect(() =>
      hostConfig('orchestrator', { ...ENOUGH, NATS_MONITOR_URL: 'http://a:8222,nowhere', THROUGHLINE_REPLICAS: '2' }),
    ).toThrow(/NATS_MONITOR_URL: a URL[\s\S]*THROUGHLINE_REPLICAS: 1, 3 or 5/);
  });

  test('cannot be changed afterwards', () => {
    const config = hostConfig('orchestrator', ENOUGH);
    expect(() => Object.assign(config, { port: 1 })).toThrow(TypeError);
  });
});
