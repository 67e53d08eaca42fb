# SPDX-License-Identifier: BSD-2-Clause
# tap.awk - one test program's output (TAP, or none) to results.
#
# In:  -v id= -v build= -v backend=  -v want_backend= -v rc= -v limit= -v rerun= -v filterable=  and the program's output.
# Out: one line a case:  RESULT pass|fail|skip <TAB> build <TAB> id <TAB> backend <TAB> case <TAB> reason
#      and for each failure lines that start with "| ", for people.
# A program without TAP is one case, named after itself, judged by its exit status; 77 is a skip and its last line the reason.

function result(what, name, why) {
	gsub(/\t/, " ", name)
	gsub(/\t/, " ", why)
	printf "RESULT %s\t%s\t%s\t%s\t%s\t%s\n", what, build, id, backend, name, why
	n[what]++
}
function show(name, why, text,    k, m, line, alone) { # sets whole: all of the output was shown
	whole = whole || text == all
	printf "| FAILED [%s] %s: %s%s\n", build, id, name, why == "" ? "" : " (" why ")"
	m = split(text, line, "\n")
	for (k = 1; k <= m; k++)
		if (line[k] != "" && (m <= 400 || k > m - 400))
			printf "|     %s\n", line[k]
	alone = rerun
	if (tap && filterable && name ~ /^[A-Za-z0-9_]+$/)
		alone = "NGU_TEST_FILTER=" name " " rerun
	printf "|   again: %s\n", alone
}
function flush() {
	if (held != "") {
		result("fail", held, held_why)
		show(held, held_why, before after)
	}
	held = ""
	before = after = ""
}
{ if ($0 !~ /^[[:space:]]*$/) last = $0; all = all $0 "\n" }
/^backend: / && seen_backend == "" { seen_backend = $2 }
/^1\.\.[0-9]+/ { flush(); tap = 1; sub(/^1\.\./, ""); plan += $0 + 0; next }
/^(not )?ok [0-9]+/ {
	prev = after != "" && held == "" ? after : ""
	if (held != "")
		flush()
	tap = 1
	bad = ($1 == "not")
	name = $0
	sub(/^(not )?ok [0-9]+( - | )?/, "", name)
	why = ""
	if (match(name, / # (SKIP|skip)/)) {
		why = substr(name, RSTART + RLENGTH + 1)
		name = substr(name, 1, RSTART - 1)
		if (bad)
			why = "cmocka skip(): exit with 77 instead"
		else {
			result("skip", name, why)
			seen++
			before = after = ""
			next
		}
	}
	seen++
	latest = name
	if (bad) {
		held = name
		held_why = why
		before = prev
		after = ""
	} else {
		result("pass", name, "")
		before = after = ""
	}
	next
}
/^# (not )?ok/ { next }
{ after = after $0 "\n" }
END {
	flush()
	timeout = (rc == 124 || rc == 137)
	if (!tap && rc == 77) {
		if (last == "") {
			result("fail", id, "exit 77 without a reason")
			show(id, "exit 77 without a reason", "")
		} else
			result("skip", id, last)
	} else if (timeout) {
		result("fail", id, "more than " limit " s")
		show(id, "more than " limit " s, after: " (latest == "" ? "nothing" : latest), all)
	} else if (tap && seen < plan) {
		why = "exit " rc " after " seen " of " plan " cases, last: " (latest == "" ? "none" : latest)
		result("fail", id, why)
		show(id, why, all)
	} else if (!tap && rc == 0)
		result("pass", id, "")
	else if (rc != 0 && n["fail"] == 0) {
		result("fail", id, "exit " rc)
		show(id, "exit " rc, all)
	} else if (tap && seen == 0 && rc == 0) {
		result("fail", id, "no case ran")
		show(id, "no case ran", all)
	}
	# A report that did not stop the program, in a case that called itself ok or beside one that failed.
	if (!whole && match(all, /(WARNING|ERROR): [A-Za-z]*Sanitizer:|: runtime error: /)) {
		result("fail", id, "sanitizer report")
		show(id, "sanitizer report", substr(all, RSTART))
	}
	if (want_backend != "" && n["fail"] == 0 && n["pass"] > 0 && seen_backend != want_backend) {
		why = "built for " want_backend ", says " (seen_backend == "" ? "nothing" : seen_backend)
		result("fail", id, why)
		show(id, why, "")
	}
}
