import type { ServiceName } from '@throughline/contracts';
import type { UpstreamHealth } from './upstream-health.ts';

const row = ({ service, status }: UpstreamHealth): string =>
  `<tr><td>${service}</td><td class="${status}">${status}</td>` +
  `<td><a href="/docs/${service}/">API</a></td><td><a href="/docs/${service}-json">OpenAPI</a></td></tr>`;

/** What a browser sees at the address; only our own constants get in, so nothing needs escaping. */
export const indexPage = (upstreams: readonly UpstreamHealth[]): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Throughline</title>
<meta name="viewport" content="width=device-width">
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem }
  table { border-collapse: collapse } td, th { text-align: left; padding: .25rem 1.5rem .25rem 0 }
  .ready { color: #1a7f37 } .not-ready, .unreachable { color: #b3261e }
</style>
<h1>Throughline</h1>
<p>Every call goes to this address, with a key as <code>Authorization: Bearer …</code>.</p>
<table>
<tr><th>service</th><th>state</th><th></th><th></th></tr>
${upstreams.map(row).join('\n')}
</table>
<p><a href="/docs-json">OpenAPI of all services</a> · <a href="/health/ready">health</a></p>
</html>
`;

/** A service's own page names its assets from the root of its address; here each has a folder. */
export const apiPage = (service: ServiceName): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Throughline ${service}</title><link rel="stylesheet" href="swagger-ui.css"></head>
<body><div id="ui"></div>
<script src="swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({ url: '/docs/${service}-json', dom_id: '#ui', deepLinking: true, persistAuthorization: true });</script>
</body>
</html>
`;
