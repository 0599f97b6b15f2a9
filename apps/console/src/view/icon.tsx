/** Strokes in a square of 20. */
const PATHS = {
  auto: 'M10 3a7 7 0 1 0 0 14zM10 3a7 7 0 0 1 0 14',
  light:
    'M10 7a3 3 0 1 0 .01 0M10 1.8v2M10 16.2v2M1.8 10h2M16.2 10h2M4.2 4.2l1.4 1.4M14.4 14.4l1.4 1.4M15.8 4.2l-1.4 1.4M5.6 14.4l-1.4 1.4',
  dark: 'M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7z',
  file: 'M13.5 8.5l-4.6 4.6a2 2 0 0 1-2.8-2.8l5.7-5.7a3.2 3.2 0 0 1 4.5 4.5l-5.9 5.9a4.4 4.4 0 0 1-6.2-6.2l4.7-4.7',
  close: 'M5.5 5.5l9 9M14.5 5.5l-9 9',
  down: 'M10 4v11M5.5 10.5L10 15l4.5-4.5',
  back: 'M12.5 4.5L7 10l5.5 5.5',
  tab: 'M8 4H4v12h12v-4M11 3.5h5.5V9M16 4l-7 7',
  out: 'M8 4H4v12h4M8.5 10H17M13.5 6.5L17 10l-3.5 3.5',
  plus: 'M10 4v12M4 10h12',
} as const;

export type IconName = keyof typeof PATHS;

export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
    <path d={PATHS[name]} />
  </svg>
);
