// SPDX-License-Identifier: BSD-2-Clause
// The run file and the reference implementation's port to JavaScript.
//   node interop.js read LOG REPORT.json    its figures of our log are those of our report
//   node interop.js write LOG               writes a log; prints what it holds as JSON
//   node interop.js compare WANT.json REPORT.json    our report of that log agrees
const fs = require('fs');
const hdr = require('hdr-histogram-js');
const quantiles = [['p50', 50], ['p90', 90], ['p99', 99], ['p99_9', 99.9]];
let failed = false;

function check(what, theirs, ours, width) {
	if (Math.abs(theirs - ours) <= width)
		return;
	console.log(`${what}: theirs ${theirs}, ours ${ours}`);
	failed = true;
}

// One of our buckets: exact under 128, then a 64th of an octave.
const bucket = (v) => (v < 128 ? 0 : 2 ** (Math.floor(Math.log2(v)) - 6));

function build(lowest, highest, digits) {
	return hdr.build({ lowestDiscernibleValue: lowest, highestTrackableValue: highest,
		numberOfSignificantValueDigits: digits, bitBucketSize: 64 });
}

function sum_of(log, tag) {
	const reader = new hdr.HistogramLogReader(log, 64);
	const sum = build(1, 2 ** 42 - 1, 2);
	let h;
	while ((h = reader.nextIntervalHistogram()))
		if (h.tag === tag)
			sum.add(h);
	return sum;
}

function compare_dist(name, theirs, ours) {
	check(`${name} count`, theirs.totalCount, ours.count, 0);
	for (const [key, percent] of quantiles)
		check(`${name} ${key}`, theirs.getValueAtPercentile(percent), ours[key],
			bucket(ours[key]));
	check(`${name} max`, theirs.maxValue, ours.max, bucket(ours.max));
	check(`${name} mean`, theirs.mean, ours.mean, ours.mean / 128 + 1);
}

function read(path, report_path) {
	const log = fs.readFileSync(path, 'utf8');
	const report = JSON.parse(fs.readFileSync(report_path, 'utf8'));
	const tags = hdr.listTags(log);
	read_clients(log, report);
	for (const s of report.services) {
		const prefix = report.services.length > 1 ? `${s.port}/` : '';
		if (!tags.includes(`${prefix}latency`))
			check(`${prefix}latency is there`, 0, 1, 0);
		compare_dist(`${prefix}latency`, sum_of(log, `${prefix}latency`), s.latency_ns);
		for (const net of ['tx', 'ack'])
			if (s.net[net])
				compare_dist(`${prefix}net.${net}`, sum_of(log, `${prefix}net.${net}`),
					s.net[net]);
		for (const [stage, d] of Object.entries(s.stages))
			check(`${prefix}${stage} count`, sum_of(log, prefix + stage).totalCount, d.count, 0);
	}
}

// Requests that failed are in the last bucket: where a quantile of ours is null, theirs is beyond all.
function read_clients(log, report) {
	report.clients.forEach((c, i) => {
		const prefix = i ? `client#${i + 1}/` : 'client/';
		const latency = sum_of(log, `${prefix}latency`);
		check(`${prefix}latency count`, latency.totalCount, c.ok + c.failed, 0);
		for (const [key, percent] of quantiles) {
			const theirs = latency.getValueAtPercentile(percent);
			if (c.latency_ns[key] === null)
				check(`${prefix}latency ${key} failed`, theirs > 2 ** 41.9, true, 0);
			else
				check(`${prefix}latency ${key}`, theirs, c.latency_ns[key],
					bucket(c.latency_ns[key]));
		}
		compare_dist(`${prefix}answer`, sum_of(log, `${prefix}answer`), c.answer_ns);
		compare_dist(`${prefix}late`, sum_of(log, `${prefix}late`), c.lateness_ns);
		compare_dist(`${prefix}closed`, sum_of(log, `${prefix}closed`), c.closed_latency_ns);
		check(`${prefix}connection count`, sum_of(log, `${prefix}connection`).totalCount,
			c.connection_ns.count, 0);
	});
}

function write(path) {
	const kinds = [['', 1, 3600e9, 3], ['web', 1, 60e9, 5], ['db', 1000, 60e9, 2], ['old', 1, 60e9, 1]];
	const want = {};
	let seed = 1, text = '';
	const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
	const out = new hdr.HistogramLogWriter((s) => (text += s));
	out.outputLogFormatVersion();
	out.outputStartTime(1700000000000);
	out.outputLegend();
	for (const [tag, lowest, highest, digits] of kinds) {
		const sum = build(lowest, highest, digits);
		for (let i = 0; i < 3; i++) {
			const h = build(lowest, highest, digits);
			for (let k = 0; k < 2000; k++)
				h.recordValue(Math.floor(5000 - 200000 * Math.log(random()) ** (1 + k % 3 * 2)));
			h.startTimeStampMsec = 1700000000000 + i * 1000;
			h.endTimeStampMsec = h.startTimeStampMsec + 1000;
			if (tag)
				h.tag = tag;
			out.outputIntervalHistogram(h);
			sum.add(h);
		}
		want[tag || 'untagged'] = { count: sum.totalCount, mean: sum.mean, max: sum.maxValue,
			coarse: digits < 2 ? 16 : 1 };
		for (const [key, percent] of quantiles)
			want[tag || 'untagged'][key] = sum.getValueAtPercentile(percent);
	}
	fs.writeFileSync(path, text);
	console.log(JSON.stringify(want));
}

function compare(want_path, report_path) {
	const want = JSON.parse(fs.readFileSync(want_path, 'utf8'));
	const report = JSON.parse(fs.readFileSync(report_path, 'utf8'));
	check('services', Object.keys(want).length, report.services.length, 0);
	for (const s of report.services) {
		const w = want[s.comm];
		check(`${s.comm} count`, w.count, s.latency_ns.count, 0);
		for (const key of ['p50', 'p90', 'p99', 'p99_9', 'max'])
			check(`${s.comm} ${key}`, w[key], s.latency_ns[key],
				bucket(w[key]) * w.coarse);
		check(`${s.comm} mean`, w.mean, s.latency_ns.mean, w.mean / 128 * w.coarse);
	}
	check('duration', 3, report.run.duration_s, 0.01);
}

({ read, write, compare })[process.argv[2]](...process.argv.slice(3));
process.exit(failed ? 1 : 0);
