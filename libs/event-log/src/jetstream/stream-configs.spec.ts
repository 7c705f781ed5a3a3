import { configDifferences, streamConfigs } from './stream-configs.ts';

const named = (name: string, options = {}) => {
  const config = streamConfigs(options).find((asked) => asked.name === name);
  if (!config) throw new Error(name);
  return config;
};

describe('stream configurations', () => {
  it('every stream is bounded in bytes', () => {
    for (const config of streamConfigs()) expect(config.max_bytes).toBeGreaterThan(0);
  });

  it('the log never takes schedules, which would open it for purge and rollup', () => {
    expect(named('TL_LOG')).toMatchObject({ deny_delete: true, deny_purge: true, allow_rollup_hdrs: false });
    expect(named('TL_LOG').allow_msg_schedules).toBeUndefined();
    expect(named('TL_LOG').persist_mode).toBeUndefined();
  });

  it('queues are async files on one server and memory in a cluster, which refuses async', () => {
    expect(named('TL_TASKS')).toMatchObject({ storage: 'file', persist_mode: 'async', num_replicas: 1 });
    expect(named('TL_TASKS', { replicas: 3 })).toMatchObject({ storage: 'memory', num_replicas: 3 });
    expect(named('TL_TASKS', { replicas: 3 }).persist_mode).toBeUndefined();
    expect(named('TL_LOG', { replicas: 3 })).toMatchObject({ storage: 'file', num_replicas: 3 });
  });

  it('a field that the server leaves out is a difference, a field that it adds is not', () => {
    const asked = { allow_atomic: true, subject_transform: { src: 'a', dest: 'b' }, subjects: ['x'] };
    expect(configDifferences(asked, { subject_transform: { dest: 'b', src: 'a' }, subjects: ['x'], more: 1 })).toEqual([
      { field: 'allow_atomic', asked: true, got: undefined },
    ]);
  });
});
