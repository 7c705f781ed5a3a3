/**
 * Run with `node --import`. Loads the OpenTelemetry SDK only where an endpoint is set, so that a service without one
 * pays nothing for it.
 */
const { env, argv } = process;
const endpoint = env['OTEL_EXPORTER_OTLP_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];

if (endpoint && env['OTEL_SDK_DISABLED']?.toLowerCase() !== 'true') {
  // `apps/<service>/dist/main.js`: the folder is the service's name.
  const fromPath = /[/\\]apps[/\\]([^/\\]+)[/\\]/.exec(argv[1] ?? '')?.[1];
  const { startTracing } = await import('./start-tracing.ts');
  startTracing(env['OTEL_SERVICE_NAME'] || fromPath || 'throughline');
}

export {};
