// Shapes of what the API takes and gives. Each object lists what is always there in `required`.
#include "connectors/api/openapi.hpp"

namespace eremos {

const std::vector<api_schema>& api_schemas() {
  static const std::vector<api_schema> all =
      {
          {"problem",
           R"({"type":"object","required":["type","title","status","detail"],"properties":{"type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},"detail":{"type":"string"}}})"},
          {"block_ref",
           R"({"type":"object","required":["chain_id","block_number","block_hash"],"properties":{"chain_id":{"type":"integer"},"block_number":{"type":"integer"},"block_hash":{"type":"string"}}})"},
          {"signal",
           R"({"type":"object","required":["id","revision","type","agent","glyph","chain_id","block_number","block_hash","subject","confidence","severity","finality","status","evidence","evidence_total","blocks","details","event_time","emitted_at","config_hash"],"properties":{)"
           R"("id":{"type":"string","pattern":"^[0-9a-f]{32}$"},"revision":{"type":"integer","minimum":1},"type":{"type":"string"},"agent":{"type":"string"},"glyph":{"type":"string"},"chain_id":{"type":"integer"},"block_number":{"type":"integer"},"block_hash":{"type":"string"},)"
           R"("subject":{"type":"string"},"confidence":{"type":"number","minimum":0,"maximum":1},"severity":{"enum":["info","low","medium","high","critical"]},"finality":{"enum":["pending","latest","safe","finalized"]},"status":{"enum":["provisional","active","retracted","expired"]},)"
           R"("evidence":{"type":"array","items":{"type":"string"}},"evidence_total":{"type":"integer"},"blocks":{"type":"array","items":{"$ref":"#/components/schemas/block_ref"}},"details":{"type":"object"},"event_time":{"type":"integer","description":"Milliseconds since 1970, by the chain"},)"
           R"("emitted_at":{"type":"integer","description":"Milliseconds since 1970, by the node"},"config_hash":{"type":"string"},"integrity":{"const":"suspect","description":"A block it rests on failed a check"}}})"},
          {"signal_page",
           R"({"type":"object","required":["items","next"],"properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/signal"}},"next":{"type":["string","null"]}}})"},
          {"explanation",
           R"({"type":"object","required":["signal","sentence","evidence"],"properties":{"signal":{"$ref":"#/components/schemas/signal"},"sentence":{"type":"string","description":"What this type means"},"evidence":{"type":"array","items":{"type":"object","required":["id","event"],"properties":{"id":{"type":"string"},"event":{"type":["object","null"],"description":"null: kept no more"}}}}}})"},
          {"memory",
           R"({"type":"object","required":["id","type","agent","key","confidence","tags","chain_id","block_number","block_hash","details","event_time","status"],"properties":{"id":{"type":"string"},"type":{"enum":["pattern","anomaly","intelligence","correlation"]},"agent":{"type":"string"},"key":{"type":"string"},"confidence":{"type":"number"},)"
           R"("tags":{"type":"array","items":{"type":"string"}},"chain_id":{"type":"integer"},"block_number":{"type":"integer"},"block_hash":{"type":"string"},"details":{"type":"object"},"event_time":{"type":"integer"},"status":{"enum":["provisional","active","retracted","expired"]}}})"},
          {"memory_page",
           R"({"type":"object","required":["items","next"],"properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/memory"}},"next":{"type":["string","null"]}}})"},
          {"message",
           R"({"type":"object","required":["chain_id","block_number","block_hash","status","from","to","topic","schema","priority","details","path","event_time"],"properties":{"chain_id":{"type":"integer"},"block_number":{"type":"integer"},"block_hash":{"type":"string"},"status":{"enum":["active","retracted"]},"from":{"type":"string"},"to":{"type":["string","null"],"description":"null: everybody"},)"
           R"("topic":{"type":"string"},"schema":{"type":"string"},"priority":{"enum":["low","medium","high","critical"]},"details":{"type":"object"},"path":{"type":"array","items":{"type":"string"}},"event_time":{"type":"integer"}}})"},
          {"message_page",
           R"({"type":"object","required":["items","next"],"properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/message"}},"next":{"type":["string","null"]}}})"},
          {"new_message",
           R"({"type":"object","required":["topic"],"additionalProperties":false,"properties":{"to":{"type":"string","description":"An agent; absent: everybody","minLength":1,"maxLength":128},"chain":{"type":"string","description":"Absent: every chain","minLength":1,"maxLength":128},"topic":{"type":"string","minLength":1,"maxLength":128},"schema":{"type":"string","minLength":1,"maxLength":128},)"
           R"("priority":{"type":"string","enum":["low","medium","high","critical"]},"details":{"type":"object"}}})"},
          {"done", R"({"type":"object","required":["done"],"properties":{"done":{"const":true}}})"},
          {"block",
           R"({"type":"object","required":["chain_id","block_number","block_hash","parent_hash","time","reverted","finality","absent","integrity","check","detail","level"],"properties":{"chain_id":{"type":"integer"},"block_number":{"type":"integer"},"block_hash":{"type":"string"},"parent_hash":{"type":["string","null"]},"time":{"type":["integer","null"]},"reverted":{"type":"boolean"},"finality":{"type":["string","null"]},)"
           R"("absent":{"type":"array","items":{"type":"string"},"description":"Agents the block went on without"},"integrity":{"enum":["verified","repaired","suspect","unchecked"]},"check":{"type":["string","null"]},"detail":{"type":["string","null"]},"level":{"type":["string","null"]}}})"},
          {"block_page",
           R"({"type":"object","required":["items","next"],"properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/block"}},"next":{"type":["string","null"]}}})"},
          {"fact",
           R"({"type":"object","required":["chain_id","address","kind","value","as_of","from_block"],"properties":{"chain_id":{"type":"integer"},"address":{"type":"string"},"kind":{"enum":["decimals","symbol","factory","token0","token1","last_act"]},"value":{"type":["integer","string"],"description":"Decimals, or milliseconds since 1970; a text of the contract's own; an address"},)"
           R"("as_of":{"type":"integer","description":"The block it was asked at"},"from_block":{"type":"integer","description":"The block it came with"}}})"},
          {"fact_page",
           R"({"type":"object","required":["items","next"],"properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/fact"}},"next":{"type":["string","null"]}}})"},
          {"event",
           R"({"type":"object","required":["id","type","chain_id","source","block_number","block_hash","sequence","event_time","time_estimated","priority","score","lane","finality","data"],"properties":{"id":{"type":"string"},"type":{"type":"string"},"chain_id":{"type":"integer"},"source":{"type":"string"},"block_number":{"type":["integer","null"]},"block_hash":{"type":["string","null"]},"sequence":{"type":"integer"},"event_time":{"type":"integer"},)"
           R"("time_estimated":{"type":"boolean"},"priority":{"enum":["low","medium","high","critical"]},"score":{"type":"integer"},"lane":{"type":"string"},"finality":{"enum":["pending","latest","safe","finalized"]},"data":{"type":"object"}}})"},
          {"event_page",
           R"({"type":"object","required":["items","next"],"properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/event"}},"next":{"type":["string","null"]}}})"},
          {"agent",
           R"({"type":"object","required":["agent","chain_id","state","events_handled","signals","restarts","lag_events","lag_blocks","depth","handled"],"properties":{"agent":{"type":"string"},"glyph":{"type":"string"},"role":{"type":"string"},"chain_id":{"type":"integer","description":"0: above the chains"},"state":{"enum":["running","lagging","paused","restarting","quarantined"]},"events_handled":{"type":"integer"},"signals":{"type":"integer"},"restarts":{"type":"integer"},)"
           R"("lag_events":{"type":"integer"},"lag_blocks":{"type":"integer"},"depth":{"type":"object","description":"Waiting events by lane"},"handled":{"type":"object","description":"Events by lane"}}})"},
          {"agent_page",
           R"({"type":"object","required":["items","next"],"properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/agent"}},"next":{"type":"null"}}})"},
          {"chain",
           R"({"type":"object","required":["name","head"],"properties":{"name":{"type":"string"},"head":{"type":"object","required":["chain_id","source","state","head","committed","safe","finalized","connector"],"properties":{"chain_id":{"type":"integer"},"source":{"type":"string"},"state":{"type":"string"},"head":{"type":"integer"},"committed":{"type":"integer"},"safe":{"type":"integer"},"finalized":{"type":"integer"},"connector":{"type":"object"}}}}})"},
          {"chain_page",
           R"({"type":"object","required":["items","next"],"properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/chain"}},"next":{"type":"null"}}})"},
          {"stats",
           R"({"type":"object","required":["node","api"],"properties":{"node":{"type":"object","required":["version","taken_at","uptime_seconds","streams","chains","store"]},"api":{"type":"object","required":["connections","streams","requests"]}}})"},
          {"label",
           R"({"type":"object","required":["chain_id","address","kind","name","watched","flagged","source"],"properties":{"chain_id":{"type":["integer","null"],"description":"null: on every chain"},"address":{"type":"string"},"kind":{"type":"string"},"name":{"type":"string"},"watched":{"type":"boolean"},"flagged":{"type":"boolean"},"source":{"type":"string"}}})"},
          {"label_page",
           R"({"type":"object","required":["items","next"],"properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/label"}},"next":{"type":["string","null"]}}})"},
          {"alert",
           R"({"type":"object","required":["id","kind","state","route","sink","signal","attempts","created","next_attempt","error"],"properties":{"id":{"type":"string"},"kind":{"enum":["raised","retracted","expired","finalized","group","test"]},"state":{"enum":["held","gathered","due","delivered","dead","grouped","suppressed","silenced","inhibited","cancelled"]},"route":{"type":"string"},"sink":{"type":"string"},)"
           R"("signal":{"type":"string"},"attempts":{"type":"integer"},"created":{"type":"integer"},"next_attempt":{"type":["integer","null"]},"error":{"type":["string","null"]}}})"},
          {"alert_page",
           R"({"type":"object","required":["items","next"],"properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/alert"}},"next":{"type":["string","null"]}}})"},
          {"alerts_waiting",
           R"({"type":"object","required":["items","next"],"properties":{"items":{"type":"array","items":{"type":"object","required":["sink","due","dead"],"properties":{"sink":{"type":"string"},"due":{"type":"integer"},"dead":{"type":"integer"}}}},"next":{"type":"null"}}})"},
          {"silence",
           R"({"type":"object","required":["id","route","type","agent","subject","until","created","comment"],"properties":{"id":{"type":"integer"},"route":{"type":["string","null"],"description":"null: any"},"type":{"type":["string","null"]},"agent":{"type":["string","null"]},"subject":{"type":["string","null"]},"until":{"type":"integer"},"created":{"type":"integer"},"comment":{"type":"string"}}})"},
          {"silence_page",
           R"({"type":"object","required":["items","next"],"properties":{"items":{"type":"array","items":{"$ref":"#/components/schemas/silence"}},"next":{"type":"null"}}})"},
          {"new_silence",
           R"({"type":"object","required":["seconds"],"additionalProperties":false,"properties":{"seconds":{"type":"integer","minimum":1,"maximum":31622400},"route":{"type":"string","minLength":1,"maxLength":128},"type":{"type":"string","description":"Of signals","minLength":1,"maxLength":128},"agent":{"type":"string","minLength":1,"maxLength":128},)"
           R"("subject":{"type":"string","description":"An address, contract or transaction","minLength":1,"maxLength":128},"comment":{"type":"string","maxLength":512}},"anyOf":[{"required":["route"]},{"required":["type"]},{"required":["agent"]},{"required":["subject"]}]})"},
          {"route_tested",
           R"({"type":"object","required":["items","next"],"properties":{"items":{"type":"array","items":{"type":"object","required":["sink","id","delivered","error"],"properties":{"sink":{"type":"string"},"id":{"type":"string","description":"Of the test's delivery"},"delivered":{"type":"boolean"},"error":{"type":["string","null"]}}}},"next":{"type":"null"}}})"},
          {"stats_history",
           R"({"type":"object","required":["every_seconds","times","events_per_second","waiting","memories","memories_kept","correlations"],"properties":{"every_seconds":{"type":"integer","description":"Between two samples of the node; a point is the mean of one or more"},"times":{"type":"array","items":{"type":"integer"},"description":"The end of what each point tells of, in milliseconds since 1970, oldest first; every list below has one value for each"},)"
           R"("events_per_second":{"type":"object","description":"By type","additionalProperties":{"type":"array","items":{"type":"number"}}},"waiting":{"type":"object","description":"Events that agents had still to handle, by lane","additionalProperties":{"type":"array","items":{"type":"integer"}}},"memories":{"type":"array","items":{"type":"integer"}},"memories_kept":{"type":"array","items":{"type":"integer"}},"correlations":{"type":"array","items":{"type":"integer"}}}})"},
          {"config",
           R"({"type":"object","required":["version","file","toml"],"properties":{"version":{"type":"string"},"file":{"type":"string"},"toml":{"type":"string"}}})"},
          {"log_level",
           R"({"type":"object","required":["level"],"additionalProperties":false,"properties":{"level":{"type":"string","enum":["trace","debug","info","warn","error"]}}})"},
          {"openapi",
           R"({"type":"object","required":["openapi","info","paths","components"],"properties":{"openapi":{"const":"3.1.0"},"info":{"type":"object"},"paths":{"type":"object"},"components":{"type":"object"}}})"},
      };
  return all;
}

}  // namespace eremos
