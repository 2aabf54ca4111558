import { mount } from 'svelte';
import '../src/styles/main.css';
import './debug.css';
import Debugger from './Debugger.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('page.html has no #app');
mount(Debugger, { target });
