import { mount } from 'svelte';
import '../src/styles/main.css';
import './debug.css';
import Tester from './Tester.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('page.html has no #app');
mount(Tester, { target });
