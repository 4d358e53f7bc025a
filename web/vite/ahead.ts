import type { Plugin } from 'vite';

/** What every page asks for once the app runs: what it is built of, and what all of them say, in the
 * language that most people here read. */
const EVERYWHERE = [/\/src\/design\/Button\.svelte$/, /\/src\/texts\/nl\/(common|errors)\.json$/];

/** Has the browser fetch that beside the app, and not after it. */
export function ahead(): Plugin {
  return {
    name: 'ahead',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        const chunks = Object.values(bundle ?? {}).filter((file) => file.type === 'chunk');
        const files = EVERYWHERE.flatMap((wanted) => chunks.filter(({ moduleIds }) => moduleIds.some((id) => wanted.test(id))));
        return [...new Set(files.map(({ fileName }) => `/${fileName}`))]
          .filter((href) => !html.includes(href))
          .map((href) => ({ tag: 'link', attrs: { rel: 'modulepreload', crossorigin: true, href }, injectTo: 'head' as const }));
      },
    },
  };
}
