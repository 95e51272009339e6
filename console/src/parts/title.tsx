/** What the browser calls the page: in its tabs, its history, and to those who hear it. */
import { useEffect } from 'react';

export function Title({ children }: { children: string }) {
  useEffect(() => {
    document.title = `${children} – Progression console`;
  }, [children]);
  return null;
}
