// SPDX-License-Identifier: BSD-2-Clause
// Keeps the page up to date: fetches it again and changes only what differs, in place, so that what the
// reader has opened, selected, scrolled or focused stays, and nothing piles up.
"use strict";
(() => {
	const EVERY = 2000, SHARE = 20; // ms between two looks; at most a 20th of the time is spent on them
	const bar = document.querySelector(".live");
	const state = document.getElementById("state"), pause = document.getElementById("pause");
	let timer = 0, paused = false, seen = new Date();

	const attributes = (now, next) => {
		for (const a of next.attributes)
			if (now.getAttribute(a.name) !== a.value)
				now.setAttribute(a.name, a.value);
		for (const a of [...now.attributes])
			if (!next.hasAttribute(a.name) && !(now.nodeName === "DETAILS" && a.name === "open"))
				now.removeAttribute(a.name);
	};

	// What a child is the same by, among its siblings: what is inserted before it must not change that.
	const key = (node) => {
		if (node.nodeType !== Node.ELEMENT_NODE)
			return node.nodeName;
		const title = node.nodeName === "DETAILS" || node.nodeName === "TABLE" ? node.firstElementChild : null;
		return [node.nodeName, node.id, node.getAttribute("class"), title && title.textContent].join("\n");
	};

	const update = (now, next) => {
		if (now.nodeType !== Node.ELEMENT_NODE) {
			if (now.data !== next.data)
				now.data = next.data;
			return;
		}
		attributes(now, next);
		const rest = [...now.childNodes];
		let place = now.firstChild;
		for (const child of [...next.childNodes]) {
			const wanted = key(child), i = rest.findIndex((node) => key(node) === wanted);
			const old = i < 0 ? child : rest.splice(i, 1)[0];
			if (old === place)
				place = place.nextSibling;
			else
				now.insertBefore(old, place);
			if (i >= 0)
				update(old, child);
		}
		rest.forEach((node) => node.remove());
	};

	const look = async () => {
		const begin = performance.now();
		try {
			const answer = await fetch(location.href, { cache: "no-store" });
			if (!answer.ok)
				throw new Error(answer.status);
			const page = new DOMParser().parseFromString(await answer.text(), "text/html");
			update(document.querySelector("main"), page.querySelector("main"));
			document.title = page.title;
			seen = new Date();
			bar.classList.remove("lost");
			state.textContent = `live, updated ${seen.toLocaleTimeString()}`;
		} catch {
			bar.classList.add("lost");
			state.textContent = `no answer since ${seen.toLocaleTimeString()}`;
		}
		plan(Math.max(EVERY, SHARE * (performance.now() - begin)));
	};

	const plan = (wait) => {
		clearTimeout(timer);
		if (!paused && !document.hidden)
			timer = setTimeout(look, wait);
	};

	pause.addEventListener("click", () => {
		paused = !paused;
		pause.textContent = paused ? "Go on" : "Pause";
		if (paused)
			state.textContent = `paused, as of ${seen.toLocaleTimeString()}`;
		plan(0);
	});
	document.addEventListener("visibilitychange", () => plan(0));
	pause.hidden = false;
	state.textContent = `live, updated ${seen.toLocaleTimeString()}`;
	plan(EVERY);
})();
