using Ldn;

using var http = new HttpClient { BaseAddress = new Uri(Environment.GetEnvironmentVariable("BASE_URL")!) };
http.DefaultRequestHeaders.Authorization = new("Bearer", Environment.GetEnvironmentVariable("TOKEN"));
var client = new LdnClient(http);

// A name of an enum, a calendar day, and what is left out because nobody knows it.
var made = await client.RegisterPatientAsync(new PatientBody
{
    Name = new HumanName { Family = "Client" },
    TimeZone = "Europe/Dublin",
    BirthDate = new DateOnly(1980, 1, 2),
    Gender = Gender.Other,
    AnxietyHistory = null,
});
var read = await client.GetPatientAsync(made.Id);
Must(read is { Name.Family: "Client", Gender: Gender.Other, AnxietyHistory: null, Sensitivity: Sensitivity.Standard }, "what was read is what was written");
Must(read.BirthDate == new DateOnly(1980, 1, 2), "a day stays a day, whatever the zone of this machine");

// A day in a search, and an answer that is null inside a list.
Must((await client.SearchPatientsAsync(new SearchPatientsRequest { BirthDate = new DateOnly(1980, 1, 2) })).Items.Any(p => p.Id == made.Id), "found by the day");
var assessment = await client.RecordAssessmentAsync(made.Id, new AssessmentBody { Instrument = Instrument.Gad2, Answers = [1, null], TakenOn = new DateOnly(2026, 3, 1) });
Must(assessment.Total is null && assessment.Answers.SequenceEqual([1, null]), "what was not answered is null and makes no total");

// Pages: until there is no cursor.
var ids = new HashSet<Guid>();
for (var day = 1; day <= 5; day++)
{
    ids.Add((await client.SubmitCheckInAsync(made.Id, new CheckInBody { Date = new DateOnly(2026, 3, day), Scores = new Scores { Anxiety = day } })).Id);
}

var seen = new List<Guid>();
string? cursor = null;
do
{
    var page = await client.ListCheckInsAsync(made.Id, limit: cursor is null ? 2 : null, cursor: cursor);
    seen.AddRange(page.Items.Select(c => c.Id));
    cursor = page.NextCursor;
}
while (cursor is not null);
Must(seen.Count == 5 && ids.SetEquals(seen), "every page once");

// A refusal is an exception with the problem.
try
{
    await client.SubmitCheckInAsync(made.Id, new CheckInBody { Date = new DateOnly(2026, 3, 6), Scores = new Scores { Anxiety = 11 } });
    Must(false, "11 is refused");
}
catch (ApiException<ProblemDetails> e)
{
    Must(e.StatusCode == 400 && e.Result.Code == "invalid-request", "the problem is read");
}

Console.WriteLine("C# client: null, enum, date, pages, problem");

static void Must(bool holds, string what) => _ = holds ? true : throw new InvalidOperationException($"Not so: {what}.");
