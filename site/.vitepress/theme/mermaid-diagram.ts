/** A diagram, drawn in the browser: mermaid needs one to measure its texts. */
import { useData } from 'vitepress';
import { defineComponent, h, onMounted, ref, useId, watch } from 'vue';

export const MermaidDiagram = defineComponent({
  props: { source: { type: String, required: true } },
  setup(props) {
    const { isDark } = useData();
    const svg = ref('');
    const id = `diagram-${useId()}`;

    async function draw(): Promise<void> {
      const { default: mermaid } = await import('mermaid');
      mermaid.initialize({ startOnLoad: false, theme: isDark.value ? 'dark' : 'default' });
      ({ svg: svg.value } = await mermaid.render(id, decodeURIComponent(props.source)));
    }
    onMounted(draw);
    watch(isDark, draw);
    return () => h('div', { innerHTML: svg.value });
  },
});
