import{Bt as e,Gt as t,Lt as n,Vt as r,Wt as i,kt as a,lt as o,mt as s,zt as c}from"./first-wxtTp5pb.js";var l=t(`history aftercall.history.v1 google.protobuf aftercall.model.v1
#WarningKind UNSPECIFIED PROMISE_OVERDUE PROMISE_BROKEN_LATELY LEGAL_THREAT VULNERABLE_CUSTOMER CHURN_THREAT REPEATED_REASON LAST_CONTACT_NEGATIVE LAST_CONTACT_DROPPED ABUSE MANAGER_REQUEST=210
#CommitmentChangeKind UNSPECIFIED FULFILLED CANCELLED RESCHEDULED LAPSED CONFIRMED DISMISSED PAUSED RESUMED REASSIGNED WAIVED SUPERSEDED EXPIRED ATTEMPTED MADE WITHDRAWN
#SentimentTrend UNSPECIFIED WORSE STEADY BETTER
#SentimentBand UNSPECIFIED NEGATIVE NEUTRAL POSITIVE
#SearchOrder UNSPECIFIED TIME_DESC TIME_ASC RELEVANCE
#Facet UNSPECIFIED REASON AGENT TEAM DISPOSITION CHANNEL DIRECTION SENTIMENT LABEL SIGNAL=210 WORST_SENTIMENT SENTIMENT_TREND
AsOf time:1Timestamp|moment position|moment
GetInteractionRequest interaction_id|which external_ref:2ExternalRef|which min_position latest:h as_of:AsOf=20
GetInteractionResponse interaction:2Interaction *commitments:2Commitment *amendments:Amendment amendment_count:d complete_through complete_through_at:1Timestamp=20 call:2Call=190
InteractionName interaction_id|which external_ref:2ExternalRef|which
BatchGetInteractionsRequest *names:InteractionName min_position latest:h
BatchGetInteractionsResponse *interactions:2Interaction *not_found:InteractionName *left_out:InteractionName complete_through complete_through_at:1Timestamp
ListAmendmentsRequest interaction_id|which external_ref:2ExternalRef|which page_size:e page_token min_position latest:h
ListAmendmentsResponse *amendments:Amendment next_page_token total_size:d complete_through complete_through_at:1Timestamp
Amendment version:d update_mask:1FieldMask reason amended_by recorded_at:1Timestamp before:2Interaction
HandleQuery value kind#2HandleKind country_code
GetCustomerContextRequest customer_id|whose handle:HandleQuery|whose interactions_max:e min_position latest:h as_of:AsOf=20
GetCustomerContextResponse *interactions:2Interaction *open_commitments:2Commitment *tried:TriedStep *warnings:Warning interaction_count:d *ambiguous_interaction_ids complete_through complete_through_at:1Timestamp=20
TriedStep step interaction_id occurred_at:1Timestamp
Warning kind#WarningKind text interaction_id commitment_id
ListTimelineRequest customer_id|whose handle:HandleQuery|whose page_size:e page_token min_position latest:h include_total:h as_of:AsOf=20
ListTimelineResponse *entries:TimelineEntry next_page_token complete_through ?total_size:d total_size_is_lower_bound:h complete_through_at:1Timestamp=20
TimelineEntry occurred_at:1Timestamp interaction:2Interaction|what commitment_change:CommitmentChange|what ambiguous:h
CommitmentChange kind#CommitmentChangeKind commitment:2Commitment actor_id
SearchInteractionsRequest query filter:InteractionFilter order#SearchOrder page_size:e page_token *facets#Facet min_position latest:h as_of:AsOf=20
InteractionFilter *customer_ids *agent_ids *team_ids *reason_codes *disposition_codes *channels#2Channel *directions#2Direction *sentiments#SentimentBand ?open_promise:h *labels occurred_from:1Timestamp occurred_before:1Timestamp *handles:HandleQuery *match_statuses#2MatchStatus ?identified:h *signals#2SignalKind=210 *worst_sentiments#SentimentBand *sentiment_trends#SentimentTrend *sentiment_scorers
SearchInteractionsResponse *results:SearchResult next_page_token total_size:d *facets:FacetCounts complete_through complete_through_at:1Timestamp=20
SearchResult interaction:2Interaction *snippets:Snippet ?score:b
Snippet field text *highlights:Highlight
Highlight start:m end:m
FacetCounts facet#Facet *counts:FacetCount other_count:d
FacetCount value count:d
FindCustomersRequest text page_size:e page_token min_position latest:h
FindCustomersResponse *customers:FoundCustomer next_page_token complete_through complete_through_at:1Timestamp cut_short:h
FoundCustomer customer_id display_name matched_name last_contact_at:1Timestamp interaction_count:d open_commitment_count:m
@HistoryService GetInteraction BatchGetInteractions ListAmendments GetCustomerContext ListTimeline SearchInteractions FindCustomers`,[s,n,c,a,t(`field_mask google.protobuf
FieldMask *paths`),i]),u=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.PROMISE_OVERDUE=1]=`PROMISE_OVERDUE`,e[e.PROMISE_BROKEN_LATELY=2]=`PROMISE_BROKEN_LATELY`,e[e.LEGAL_THREAT=3]=`LEGAL_THREAT`,e[e.VULNERABLE_CUSTOMER=4]=`VULNERABLE_CUSTOMER`,e[e.CHURN_THREAT=5]=`CHURN_THREAT`,e[e.REPEATED_REASON=6]=`REPEATED_REASON`,e[e.LAST_CONTACT_NEGATIVE=7]=`LAST_CONTACT_NEGATIVE`,e[e.LAST_CONTACT_DROPPED=8]=`LAST_CONTACT_DROPPED`,e[e.ABUSE=9]=`ABUSE`,e[e.MANAGER_REQUEST=210]=`MANAGER_REQUEST`,e}({}),d=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.FULFILLED=1]=`FULFILLED`,e[e.CANCELLED=2]=`CANCELLED`,e[e.RESCHEDULED=3]=`RESCHEDULED`,e[e.LAPSED=4]=`LAPSED`,e[e.CONFIRMED=5]=`CONFIRMED`,e[e.DISMISSED=6]=`DISMISSED`,e[e.PAUSED=7]=`PAUSED`,e[e.RESUMED=8]=`RESUMED`,e[e.REASSIGNED=9]=`REASSIGNED`,e[e.WAIVED=10]=`WAIVED`,e[e.SUPERSEDED=11]=`SUPERSEDED`,e[e.EXPIRED=12]=`EXPIRED`,e[e.ATTEMPTED=13]=`ATTEMPTED`,e[e.MADE=14]=`MADE`,e[e.WITHDRAWN=15]=`WITHDRAWN`,e}({}),f=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.NEGATIVE=1]=`NEGATIVE`,e[e.NEUTRAL=2]=`NEUTRAL`,e[e.POSITIVE=3]=`POSITIVE`,e}({}),p=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.TIME_DESC=1]=`TIME_DESC`,e[e.TIME_ASC=2]=`TIME_ASC`,e[e.RELEVANCE=3]=`RELEVANCE`,e}({}),m=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.REASON=1]=`REASON`,e[e.AGENT=2]=`AGENT`,e[e.TEAM=3]=`TEAM`,e[e.DISPOSITION=4]=`DISPOSITION`,e[e.CHANNEL=5]=`CHANNEL`,e[e.DIRECTION=6]=`DIRECTION`,e[e.SENTIMENT=7]=`SENTIMENT`,e[e.LABEL=8]=`LABEL`,e[e.SIGNAL=210]=`SIGNAL`,e[e.WORST_SENTIMENT=211]=`WORST_SENTIMENT`,e[e.SENTIMENT_TREND=212]=`SENTIMENT_TREND`,e}({}),h=r(e(l,0),o);export{f as a,p as i,d as n,u as o,m as r,h as t};