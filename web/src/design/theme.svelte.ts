/** Light, dark, or as the device has it. */
export type Theme = 'system' | 'light' | 'dark';

const KEPT_AS = 'knipperlicht.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const state = $state<{ theme: Theme }>({ theme: kept() });

export function theme(): Theme {
  return state.theme;
}

export function isDark(): boolean {
  return state.theme === 'dark' || (state.theme === 'system' && dark.matches);
}

export function setTheme(next: Theme): void {
  state.theme = next;
  try {
    localStorage.setItem(KEPT_AS, next);
  } catch {
    // A browser that keeps nothing goes by the device.
  }
  apply();
}

function kept(): Theme {
  try {
    const theme = localStorage.getItem(KEPT_AS);
    return theme === 'light' || theme === 'dark' ? theme : 'system';
  } catch {
    return 'system';
  }
}

function apply(): void {
  document.documentElement.dataset['theme'] = isDark() ? 'dark' : 'light';
}

dark.addEventListener('change', apply);
apply();
