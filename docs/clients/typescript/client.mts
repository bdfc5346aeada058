import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const client = createClient<paths>({ baseUrl: process.env.BASE_URL, headers: { Authorization: `Bearer ${process.env.TOKEN}` } });
const must = (holds: boolean, what: string) => {
  if (!holds) throw new Error(`Not so: ${what}.`);
};
const got = <T,>(answer: { data?: T; error?: unknown }): T => {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
};

// A name of an enum, a calendar day, and what nobody knows.
const gender: components["schemas"]["Gender"] = "other";
const made = got(await client.POST("/api/v1/patients", {
  body: { name: { family: "Client" }, timeZone: "Europe/Dublin", birthDate: "1980-01-02", gender, anxietyHistory: null },
}));
const read = got(await client.GET("/api/v1/patients/{patientId}", { params: { path: { patientId: made.id } } }));
must(read.birthDate === "1980-01-02" && read.gender === "other" && read.anxietyHistory == null && read.sensitivity === "standard", "what was read is what was written");

// A day in the query, and an answer that is null inside a list.
const born = got(await client.POST("/api/v1/patients/search", { body: { birthDate: "1980-01-02" } }));
must(born.items.some((p) => p.id === made.id), "found by the day");
const path = { patientId: made.id };
const assessment = got(await client.POST("/api/v1/patients/{patientId}/assessments", { params: { path }, body: { instrument: "gad-2", answers: [1, null], takenOn: "2026-03-01" } }));
must(assessment.total == null && assessment.answers[1] === null, "what was not answered is null and makes no total");

// Pages: until there is no cursor.
const ids = new Set<string>();
for (const day of [1, 2, 3, 4, 5]) {
  ids.add(got(await client.POST("/api/v1/patients/{patientId}/check-ins", { params: { path }, body: { date: `2026-03-0${day}`, scores: { anxiety: day } } })).id);
}
const seen: string[] = [];
let cursor: string | null | undefined;
do {
  const page: components["schemas"]["CheckInResponsePage"] = got(await client.GET("/api/v1/patients/{patientId}/check-ins", { params: { path, query: cursor ? { cursor } : { limit: 2 } } }));
  seen.push(...page.items.map((c) => c.id));
  cursor = page.nextCursor;
} while (cursor);
must(seen.length === 5 && seen.every((id) => ids.has(id)), "every page once");

// A refusal is the problem, in `error`.
const refused = await client.POST("/api/v1/patients/{patientId}/check-ins", { params: { path }, body: { date: "2026-03-06", scores: { anxiety: 11 } } });
must(refused.response.status === 400 && refused.error?.code === "invalid-request", "the problem is read");

console.log("TypeScript client: null, enum, date, pages, problem");
