import{Bt as e,Ft as t,It as n,Nt as r,Rt as i,Tt as a,Vt as o,at as s,bt as c,dt as l,vt as u,zt as d}from"./first-D9JW1QeM.js";var f=e(`policy aftercall.model.v1 google.protobuf
FollowUpPolicy display_name position:m applies_to:PromiseFilter internal_target:InternalTargetRule *promise_stages:WarnStage *target_stages:WarnStage fulfilment:FulfilmentPolicy escalation_policy_id accept_within:1Duration call_back_within:1Duration expire_after:1Duration
PromiseFilter *kinds#CommitmentKind *kind_codes *priorities#Priority *team_ids *site_ids *queue_ids *channels#Channel *languages ?told_to_customer:h
OpenTime duration:1Duration calendar_id
InternalTargetRule since_made:OpenTime|rule before_due:OpenTime|rule
WarnStage stage_id before_due_elapsed:1Duration|basis before_due_business:OpenTime|basis percent_elapsed:m|basis percent_business:PercentBusiness|basis
PercentBusiness percent:m calendar_id
FulfilmentPolicy reached:CustomerReached|rule attempted:CustomerAttempted|rule message_delivered:MessageDelivered|rule document_sent:DocumentSent|rule case_resolved:CaseResolved|rule manual:ManualFulfilment|rule
CustomerReached min_talk:1Duration
CustomerAttempted attempts:m min_gap:1Duration distinct_dayparts:m
MessageDelivered
DocumentSent
CaseResolved
ManualFulfilment`,[r,a,i]),p=o(f,0),m=o(f,2),h=o(f,3),g=o(f,4),_=o(f,5),v=e(`setting aftercall.model.v1 google.protobuf
#SettingKind UNSPECIFIED CALENDAR FOLLOW_UP_POLICY ESCALATION_POLICY TEAM RECEIVER SILENCE HOLIDAYS TAXONOMY
#HolidaysState UNSPECIFIED STAGED APPROVED REJECTED
Setting setting_id version:d retired:h changed_at:1Timestamp changed_by reason calendar:Calendar=10|body follow_up_policy:FollowUpPolicy|body escalation_policy:EscalationPolicy|body team:Team|body receiver:Receiver|body silence:Silence|body holidays:Holidays|body taxonomy:Taxonomy|body
Calendar display_name time_zone weekly:Week *closed_dates:ClosedDate *special_dates:SpecialDate effective_from
Week *monday:Hours *tuesday:Hours *wednesday:Hours *thursday:Hours *friday:Hours *saturday:Hours *sunday:Hours
Hours opens closes
ClosedDate date label
SpecialDate date *hours:Hours label
Holidays calendar_id state#HolidaysState calendar_version:d from_date until_date *closed_dates:ClosedDate *special_dates:SpecialDate *reopened_dates *notes:HolidaysNote staged_by staged_at:1Timestamp
HolidaysNote line:m text`,[e(`escalation aftercall.model.v1 google.protobuf
#EscalationStrategy UNSPECIFIED ALL ROUND_ROBIN
EscalationPolicy display_name *levels:EscalationLevel num_loops:m catch_all_receiver_id *rules=210
EscalationLevel wall:1Duration|delay business:OpenTime|delay *targets:EscalationTarget strategy#EscalationStrategy
EscalationTarget agent_id|target team_id|target queue_id|target receiver_id|target
Team display_name *member_ids *lead_ids *queue_ids site_id
Receiver display_name agent_id|who team_id|who mail_address webhook_id language time_zone quiet_hours:QuietHours budget_per_hour:m personal_allowed:h
QuietHours begins ends`,[f,i]),f,e(`silence aftercall.model.v1 google.protobuf
Silence *matchers:LabelMatcher starts_at:1Timestamp ends_at:1Timestamp reason created_by
LabelMatcher label *values excluded:h`,[d]),e(`taxonomy aftercall.model.v1 google.protobuf
#TaxonomyKind UNSPECIFIED CONTACT_REASON DISPOSITION DRIVER ROOT_CAUSE
Taxonomy display_name kind#TaxonomyKind *nodes:TaxonomyNode
TaxonomyNode code label parent_code active_from:1Timestamp active_to:1Timestamp maps_to`,[d]),d]),y=o(v,0),b=o(v,1),x=o(v,3),S=o(v,4),C=o(v,5),w=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.CALENDAR=1]=`CALENDAR`,e[e.FOLLOW_UP_POLICY=2]=`FOLLOW_UP_POLICY`,e[e.ESCALATION_POLICY=3]=`ESCALATION_POLICY`,e[e.TEAM=4]=`TEAM`,e[e.RECEIVER=5]=`RECEIVER`,e[e.SILENCE=6]=`SILENCE`,e[e.HOLIDAYS=7]=`HOLIDAYS`,e[e.TAXONOMY=8]=`TAXONOMY`,e}({}),T=function(e){return e[e.UNSPECIFIED=0]=`UNSPECIFIED`,e[e.STAGED=1]=`STAGED`,e[e.APPROVED=2]=`APPROVED`,e[e.REJECTED=3]=`REJECTED`,e}({}),E=t(e(`mail aftercall.notify.v1 aftercall.model.v1 google.protobuf
TestMailRequest receiver_id min_position latest:h
TestMailResponse taken:h message_id trouble#1MailTrouble smtp_code:m may_be_taken_later:h took:2Duration
@MailService TestMail`,[c,i]),0),D=t(e(`webhooks aftercall.notify.v1 aftercall.model.v1
GetWebhookRequest webhook_id min_position latest:h
GetWebhookResponse webhook:1Webhook progress:WebhookProgress complete_through
WebhookProgress last_sequence:d pending:d dead:d delivered:d suppressed:d
ListWebhooksRequest page_size:e page_token min_position latest:h
ListWebhooksResponse *webhooks:1Webhook next_page_token complete_through
UpdateWebhookRequest request_id webhook_id webhook:1Webhook expected_version:d catch_up:h take_over:h
UpdateWebhookResponse webhook:1Webhook position
TestWebhookRequest webhook_id min_position latest:h
TestWebhookResponse delivered:h message_id attempt:1WebhookAttempt description
ListWebhookDeliveriesRequest webhook_id state#1WebhookDeliveryState page_size:e page_token min_position latest:h
ListWebhookDeliveriesResponse *deliveries:1WebhookDelivery next_page_token complete_through
ReplayWebhookRequest request_id webhook_id first_sequence:d last_sequence:d dead_only:h
ReplayWebhookResponse replayed:m next_sequence:d position
@WebhookService GetWebhook ListWebhooks UpdateWebhook TestWebhook ListWebhookDeliveries ReplayWebhook`,[u]),0),O=n(t(e(`settings aftercall.settings.v1 aftercall.model.v1
ChangeSettingsRequest request_id *changes:SettingChange reason
SettingChange setting:1Setting ?expected_version:d
ChangeSettingsResponse *settings:1Setting position *warnings:1Warning
ShadowPoliciesRequest *changes:SettingChange days:e min_position latest:h
ShadowPoliciesResponse promises:d promises_is_lower_bound:h other_policy:d other_target:d missed_now:d missed_then:d *policies:PolicyShadow complete_through
PolicyShadow policy_id promises_now:d promises_then:d
ListSettingsRequest kind#1SettingKind include_retired:h page_size:e page_token min_position latest:h include_total:h
ListSettingsResponse *settings:1Setting next_page_token complete_through ?total_size:d total_size_is_lower_bound:h
ListSettingVersionsRequest kind#1SettingKind setting_id page_size:e page_token min_position latest:h
ListSettingVersionsResponse *versions:1Setting next_page_token complete_through
@SettingsService ChangeSettings ShadowPolicies ListSettings ListSettingVersions`,[v,l]),0),s),k=n(D,s),A=n(E,s);export{S as a,w as c,p as d,h as f,g as h,b as i,y as l,_ as m,O as n,T as o,m as p,k as r,x as s,A as t,C as u};