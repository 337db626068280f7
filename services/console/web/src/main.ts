import { mount } from 'svelte';

import './app.css';
import App from './App.svelte';
import { speak } from './lib/words.svelte';

const target = document.getElementById('app');
// English is there in any case, should the other language not come.
await speak().catch(() => {});
if (target) mount(App, { target });
