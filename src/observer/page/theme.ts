/** Dark, light, or as the system has it; kept in the browser. */

export type Theme = 'auto' | 'dark' | 'light';

const KEY = 'beamline observer theme';
const NEXT: Readonly<Record<Theme, Theme>> = { auto: 'dark', dark: 'light', light: 'auto' };

export function savedTheme(): Theme {
  const saved = localStorage.getItem(KEY);
  return saved === 'dark' || saved === 'light' ? saved : 'auto';
}

export function nextTheme(theme: Theme): Theme {
  return NEXT[theme];
}

export function applyTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}
