/** A pool of threads that record: each finds the application by itself, because it is started while that runs. */
import { Application, kinesis } from 'beamline';
import { Piscina } from 'piscina';
import './events/visit.mjs'; // a type must be defined on the main thread

const app = await Application.start({ adapter: kinesis() });
const pool = new Piscina({ filename: new URL('./piscina-task.mjs', import.meta.url).href, maxThreads: 2 });
const pages = Array.from({ length: 20 }, (_, n) => `page-${n}`);
const words = await Promise.all(pages.map((page) => pool.run(page)));
await pool.close();
const { accepted, delivered } = await app.stop();
console.log({ tasks: words.length, accepted, delivered });
