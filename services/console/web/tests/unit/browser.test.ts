import { expect, test } from 'vitest';

import { browserName } from '../../src/lib/browser';

test('a browser is called what people call it', () => {
  const chrome = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';
  expect(browserName(chrome)).toBe('Chrome 126 · Windows');
  expect(browserName(`${chrome} Edg/126.0.0.0`)).toBe('Edge 126 · Windows');
  expect(browserName('Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0')).toBe('Firefox 128 · Linux');
  expect(browserName('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15')).toBe('Safari 17 · macOS');
  const phone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1';
  expect(browserName(phone)).toBe('Safari 17 · iOS');
});

test('one that nobody knows is called what it says itself', () => {
  expect(browserName('curl/8.9')).toBe('curl/8.9');
  expect(browserName('')).toBe('');
});
