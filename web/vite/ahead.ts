import type { Plugin } from 'vite';

/** What every page asks for once the app runs: what all of them say, in the language that most people
 * here read. */
const EVERYWHERE = /\/src\/texts\/nl\/(common|errors)\.json$/;

/** Has the browser fetch that beside the app, and not after it. */
export function ahead(): Plugin {
  return {
    name: 'ahead',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        const chunks = Object.values(bundle ?? {}).filter((file) => file.type === 'chunk');
        return chunks
          .filter(({ moduleIds }) => moduleIds.some((id) => EVERYWHERE.test(id)))
          .map(({ fileName }) => ({
            tag: 'link',
            attrs: { rel: 'modulepreload', crossorigin: true, href: `/${fileName}` },
            injectTo: 'head' as const,
          }));
      },
    },
  };
}
