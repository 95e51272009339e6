/** VitePress' own theme, with diagrams. */
import DefaultTheme from 'vitepress/theme';
import { MermaidDiagram } from './mermaid-diagram.ts';

export default {
  extends: DefaultTheme,
  enhanceApp({ app }: { app: import('vue').App }) {
    app.component('MermaidDiagram', MermaidDiagram);
  },
};
