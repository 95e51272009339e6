/** How the console is built, and served with hot reload against a running server (`npm run console`). */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { protoComments } from './proto-comments.ts';

/** The running server that the hot-reload server passes calls on to. */
const SERVER = process.env.CONSOLE_SERVER || 'http://127.0.0.1:8080';

export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  plugins: [react(), protoComments()],
  build: {
    target: 'es2022',
    emptyOutDir: true,
    // The content security policy refuses data: addresses in everything but images.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // Of the descriptors of the API; test/console/build.test.ts holds the compressed size.
    chunkSizeWarningLimit: 1_000,
  },
  server: {
    port: 8090,
    fs: { allow: ['..'] },
    proxy: {
      '^/(progression|automation)\\.v1\\.': { target: SERVER, changeOrigin: true },
      '/console/settings.json': { target: SERVER, changeOrigin: true },
    },
  },
});
