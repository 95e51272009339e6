/** The site of the documentation: its sidebar, its search, and diagrams. */
import { defineConfig } from 'vitepress';
import { SERVICES } from '../../console/src/api/services.ts';
import { SECTIONS, sitePathOf, titleOf } from '../contents.ts';

const reference = {
  text: 'API reference',
  collapsed: true,
  items: [
    { text: 'Services', link: '/api/' },
    ...SERVICES.map(({ name, typeName }) => ({ text: name, link: `/api/${typeName}` })),
    { text: 'Types of training', link: '/api/progression.v1' },
    { text: 'Types of automation', link: '/api/automation.v1' },
  ],
};

const guides = SECTIONS.map(({ text, pages }) => ({
  text,
  collapsed: text === 'Decisions',
  items: pages.map((source) => ({ text: titleOf(source), link: linkTo(source) })),
}));

export default defineConfig({
  title: 'Progression service',
  description: 'How the training maxes of athletes change: exactly once, in exact decimals.',
  srcDir: 'pages',
  outDir: 'dist',
  themeConfig: {
    sidebar: [...guides.slice(0, 2), reference, ...guides.slice(2)],
    outline: [2, 2],
    search: { provider: 'local' },
  },
  // Of the index that the search loads, and of mermaid.
  vite: { build: { chunkSizeWarningLimit: 3_000 } },
  markdown: {
    // Text in angle brackets is text.
    html: false,
    config(markdown) {
      for (const rule of ['text', 'code_inline'] as const) {
        const render = markdown.renderer.rules[rule];
        // Braces are text, not expressions of Vue.
        markdown.renderer.rules[rule] = (...args) => `${render?.(...args)}`.replaceAll('{{', '&#123;&#123;');
      }
      const fence = markdown.renderer.rules.fence;
      markdown.renderer.rules.fence = (tokens, index, ...rest) => {
        const token = tokens[index];
        return token?.info === 'mermaid'
          ? `<MermaidDiagram source="${encodeURIComponent(token.content)}" />`
          : `${fence?.(tokens, index, ...rest)}`;
      };
    },
  },
});

function linkTo(source: string): string {
  return `/${sitePathOf(source).replace(/(^index)?\.md$/, '')}`;
}
