"""Files in other languages that name a mail API. They are counted and listed, and never judged.

What is told is that a file *names* an API: a package that it loads, a class of it, the
host of a service. Whether it sends, and who sees whom, nobody has looked at. Names are looked for in
the bytes; a comment that names an API counts, which is the right side to err on.

The packages are those that the services and languages document as their mail clients; their hosts are those of
``providers/``.
"""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["LANGUAGES", "SIZE_LIMIT", "apis_named", "language_of"]

SIZE_LIMIT: Final = 8 << 20
"""Bytes of a file that is searched; a larger one is data, or was made by a machine."""

LANGUAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "JavaScript": ("js", "jsx", "mjs", "cjs", "vue", "svelte", "astro", "coffee"),
    "TypeScript": ("ts", "tsx", "mts", "cts"),
    "PHP": ("php", "phtml", "inc", "php3", "php4", "php5", "php7", "module"),
    "Ruby": ("rb", "rake", "erb", "ru", "gemspec"),
    "Java": ("java", "jsp"),
    "Kotlin": ("kt", "kts"),
    "Scala": ("scala", "sc"),
    "Groovy": ("groovy", "gradle"),
    "Clojure": ("clj", "cljs", "cljc"),
    "Go": ("go",),
    "C#": ("cs", "cshtml", "razor"),
    "F#": ("fs", "fsx"),
    "Visual Basic": ("vb", "vbs", "bas"),
    "PowerShell": ("ps1", "psm1"),
    "Rust": ("rs",),
    "Elixir": ("ex", "exs"),
    "Erlang": ("erl",),
    "Perl": ("pl", "pm", "t"),
    "Swift": ("swift",),
    "Dart": ("dart",),
    "C": ("c", "h"),
    "C++": ("cc", "cpp", "cxx", "hpp"),
    "Lua": ("lua",),
    "R": ("r",),
    "Shell": ("sh", "bash", "zsh", "ksh"),
    "SQL": ("sql", "pls", "pks", "pkb"),
    "Apex": ("cls", "trigger", "apex"),
    "Apps Script": ("gs",),
    "ColdFusion": ("cfm", "cfc"),
    "YAML": ("yml", "yaml"),
}
"""Languages by the endings of file names. YAML: for steps of workflows and playbooks that send mail."""

_BY_SUFFIX: Final = {suffix: language for language, suffixes in LANGUAGES.items() for suffix in suffixes}

_BY_NAME: Final = {"jenkinsfile": "Groovy", "rakefile": "Ruby"}
"""Files without an ending."""


@dataclass(frozen=True, slots=True)
class _Api:
    """How the name of an API is found in a file."""

    name: str
    needles: tuple[bytes, ...]
    """In small letters; where none of them is in the file, the API is not named. Searching for them is fast."""
    expression: re.Pattern[bytes] | None = None
    """What must match besides; None where a needle is enough."""

    def named(self, data: bytes, small: bytes) -> bool:
        """Whether ``data`` names it; ``small`` is the same in small letters."""
        if not any(needle in small for needle in self.needles):
            return False
        return self.expression is None or self.expression.search(data) is not None


def _api(name: str, needles: str, expression: str = "") -> _Api:
    """``needles`` are separated by spaces; ``~`` in one of them stands for a space."""
    found = tuple(needle.replace("~", " ").encode("ascii") for needle in needles.split())
    flags = re.IGNORECASE | re.MULTILINE
    return _Api(name, found, re.compile(expression.encode("ascii"), flags) if expression else None)


_SERVICES: Final = (
    _api("SendGrid", "sendgrid"),
    _api("Mailgun", "mailgun"),
    _api("Mandrill", "mandrill", r"\bmandrill(?:app)?(?![a-z])"),
    _api("Mailjet", "mailjet"),
    _api("Postmark", "postmark", r"postmarkapp|\bpostmark(?:er|client)?\b"),
    _api("SparkPost", "sparkpost"),
    _api("Brevo", "brevo sendinblue sib-api-v3-sdk", r"\bbrevo\b|getbrevo|sendinblue|sib-api-v3-sdk"),
    _api("MailerSend", "mailersend"),
    _api("Mailtrap", "mailtrap"),
    _api(
        "Resend",
        "resend",
        r"api\.resend\.com|(?:from|require\(|import)\s{0,4}[\"'](?:npm:)?resend[\"'@]"
        r"|resend-(?:go|php|node|java|laravel|rs|dotnet)\b|Resend::Emails",
    ),
    _api("Elastic Email", "elasticemail"),
    _api("Customer.io", "customer.io customerio", r"\bcustomer\.?io\b"),
    _api("ZeptoMail", "zeptomail"),
    _api("Loops", "loops.so", r"\bapp\.loops\.so\b"),
    _api("Scaleway Transactional Email", "transactional-email/v1"),
    _api("Unisender Go", "unisender unione.io"),
    _api("Postal", "/api/v1/send/message /api/v1/send/raw x-server-api-key"),
    _api(
        "Amazon SES",
        "ses simpleemail",
        r"\bclient-sesv?2?\b|\bSESv?2?(?:Async)?Client\b|\bAWS\.SESV?2?\b|Aws\\Ses|aws-sdk-sesv?2?\b|aws_sdk_sesv?2?\b|Aws::SESV?2?\b"
        r"|SimpleEmailService|AWSSDK\.SimpleEmail|aws-sdk-go[^\s\"]{0,40}/service/sesv?2?\b|\baws\s{1,4}sesv?2?\s{1,4}send-",
    ),
    _api(
        "Amazon SES",
        "amazonaws.com",
        r"\bemail(?:-fips)?\.[a-z]{2}-[a-z]{1,12}-\d\.amazonaws\.com|\bemail-smtp\.[a-z0-9-]{1,30}\.amazonaws\.com",
    ),
    _api("Amazon Pinpoint", "pinpoint", r"(?i)\bpinpoint[^\n]{0,400}\bemail|send_?messages[^\n]{0,80}pinpoint"),
    _api(
        "Microsoft Graph",
        "/sendmail sendmailpostrequestbody",
        r"graph\.microsoft\.com[^\s\"'`]{0,200}/sendMail\b|/(?:me|users/[^\s\"'`/]{1,200})/sendMail\b|SendMailPostRequestBody",
    ),
    _api(
        "Gmail API",
        "gmail",
        r"gmail\.googleapis\.com|/gmail/v1\b|gmail\.users\.(?:messages|drafts)\.send|Google_Service_Gmail|google-apis-gmail|Google\.Apis\.Gmail",
    ),
    _api("Google Calendar", "/calendar/v3/ sendupdates", r"/calendar/v3/calendars/|\bsendUpdates\b"),
    _api("Exchange Web Services", "/ews/exchange.asmx exchange.webservices"),
    _api("Front", "frontapp.com"),
    _api("Nylas", "nylas", r"\bnylas\b"),
    _api(
        "Azure Communication Services Email", "communication.email communication-email communication.azure.com/emails"
    ),
    _api("SMTP2GO", "smtp2go"),
    _api("MailChannels", "mailchannels"),
    _api("SocketLabs", "socketlabs"),
    _api("MailPace", "mailpace ohmysmtp"),
    _api("Maileroo", "maileroo"),
    _api("Netcore Email API", "pepipost netcorecloud"),
    _api("Infobip Email", "infobip", r"infobip[^\s\"']{0,60}email|/email/[1-5]/(?:send|messages)"),
    _api("Oracle Cloud Email Delivery", "emaildataplane email_data_plane submit.email."),
    _api("OneSignal", "onesignal", r"\b(?:email_to|include_email_tokens|email_subject|email_body)\b"),
    _api("Plunk", "useplunk @plunk/node"),
    _api("AhaSend", "ahasend"),
    _api("Cloudflare Email Service", "email/sending/send"),
    _api("SendPulse", "sendpulse"),
    _api("HubSpot", "hubapi.com", r"single-?(?:email|send)"),
    _api("Tencent Cloud SES", "ses.tencentcloudapi tencentcloud/ses tencentcloud-sdk-nodejs-ses tencentcloud.ses"),
    _api("Zoho Mail", "mail.zoho.", r"mail\.zoho\.[a-z.]{2,6}/api/accounts"),
    _api("SMTP.com", "api.smtp.com"),
    _api("Courier", "trycourier api.courier.com"),
    _api("Mailchimp", "api.mailchimp.com mailchimp_marketing mailchimp-marketing"),
    _api("ActiveCampaign", "activecampaign activehosted.com"),
    _api("Klaviyo", "klaviyo"),
    _api("Iterable", "api.iterable.com api.eu.iterable.com"),
    _api("Braze", "braze", r"rest\.[a-z]{2,4}-[0-9]{2}\.braze\."),
    _api("Intercom", "intercom.io", r"intercom\.io/messages|message_type"),
    _api("Knock", "api.knock.app @knocklabs/node knockapi"),
    _api("Novu", "api.novu.co @novu/node novuhq @novu/api"),
    _api("EmailJS", "api.emailjs.com"),
    _api("Lettermint", "lettermint"),
    _api("SendLayer", "sendlayer"),
    _api("turboSMTP", "turbo-smtp.com"),
    _api("Unosend", "unosend"),
    _api("Sweego", "sweego"),
    _api("DirectMail", "dm.aliyuncs.com singlesendmail"),
    _api("EmailLabs", "emaillabs"),
    _api("SendCloud", "api.sendcloud. api2.sendcloud."),
    _api("NotiSend", "notisend"),
    _api("Flowmailer", "flowmailer"),
)
"""Services, by their hosts and by the packages that carry their name: in every language."""

_NODE: Final = (
    _api("Nodemailer", "nodemailer"),
    _api("EmailJS", "emailjs"),
    _api("sendmail", "sendmail", r"(?:from|require\(|import)\s{0,4}[\"']sendmail[\"']"),
    _api("Deno SMTP", "denomailer deno.land/x/smtp"),
    _api("Meteor", "meteor/email"),
)

_JVM: Final = (
    _api("Jakarta Mail", "javax.mail jakarta.mail", r"\b(?:javax|jakarta)\.mail\b"),
    _api("Spring", "springframework.mail javamailsender"),
    _api("Commons Email", "apache.commons.mail"),
    _api("Simple Java Mail", "org.simplejavamail"),
    _api("Quarkus", "io.quarkus.mailer"),
    _api("Play", "libs.mailer"),
    _api("Vert.x", "vertx.ext.mail"),
    _api("Postal (Clojure)", "postal.core"),
)

_DOT_NET: Final = (
    _api("System.Net.Mail", "system.net.mail smtpclient", r"\bSystem\.Net\.Mail\b|\bSmtpClient\b"),
    _api("MailKit", "mailkit mimekit"),
    _api("FluentEmail", "fluentemail"),
    _api("CDO", "cdo.message"),
    _api("Outlook", "outlook.application"),
)

_GEN_SMTP: Final = _api("gen_smtp", "gen_smtp")
_LIBCURL: Final = _api("libcurl", "curlopt_mail_rcpt")
_VMIME: Final = _api("VMime", "vmime")

_OWN: Final[Mapping[str, tuple[_Api, ...]]] = {
    "JavaScript": _NODE,
    "TypeScript": _NODE,
    "PHP": (
        _api("PHP mail()", "mail( mail~(", r"(?<![\w$>:\\-])(?<!function )\\?(?:mb_send_)?mail\s{0,2}\("),
        _api("PHPMailer", "phpmailer"),
        _api("Symfony Mailer", "symfony\\component\\mailer mailerinterface"),
        _api("Swift Mailer", "swift_message swift_mailer swift_smtptransport swiftmailer"),
        _api(
            "Laravel",
            "illuminate\\mail facades\\mail contracts\\mail illuminate\\notifications",
            r"Illuminate\\(?:Mail|Support\\Facades\\Mail|Contracts\\Mail|Notifications)\b",
        ),
        _api("WordPress", "wp_mail", r"\bwp_mail\b"),
        _api("Drupal", "drupal_mail plugin.manager.mail"),
        _api("Laminas and Zend", "laminas\\mail zend\\mail zend_mail"),
        _api("CakePHP", "cake\\mailer cake\\network\\email"),
        _api("Yii", "yii\\mail yii\\swiftmailer yii\\symfonymailer yii::$app->mailer"),
        _api("CodeIgniter", "codeigniter\\email"),
        _api("PEAR Mail", "mail::factory mail_mime 'mail.php' \"mail.php\""),
    ),
    "Ruby": (
        _api("Action Mailer", "actionmailer applicationmailer action_mailer"),
        _api("net/smtp", "net/smtp net::smtp"),
        _api("Mail", "require~'mail' require~\"mail\" mail.deliver mail::message", r"\bMail\b|require"),
        _api("Pony", "pony.mail"),
    ),
    "Java": _JVM,
    "Kotlin": _JVM,
    "Scala": _JVM,
    "Groovy": (
        *_JVM,
        _api("Jenkins", "emailext mail", r"\bemailext\b|\bmail(?:\s{1,4}|\(\s{0,40})(?:to|bcc|cc)\s{0,4}:"),
    ),
    "Clojure": _JVM,
    "Go": (
        _api("net/smtp", "net/smtp", r"[\"']net/smtp[\"']"),
        _api("gomail", "gomail go-mail/mail wneessen/go-mail go-simple-mail"),
        _api("jordan-wright/email", "jordan-wright/email"),
    ),
    "C#": _DOT_NET,
    "F#": _DOT_NET,
    "Visual Basic": _DOT_NET,
    "PowerShell": (*_DOT_NET, _api("Send-MailMessage", "send-mailmessage send-mailkitmessage send-mgusermail")),
    "Rust": (_api("lettre", "lettre", r"\blettre\b"),),
    "Elixir": (_api("Swoosh", "swoosh"), _api("Bamboo", "bamboo.", r"\bBamboo\.(?:Email|Mailer|Phoenix)\b"), _GEN_SMTP),
    "Erlang": (_GEN_SMTP,),
    "Perl": (
        _api("Net::SMTP", "net::smtp"),
        _api("Email::Sender", "email::sender email::stuffer email::send"),
        _api("MIME::Lite", "mime::lite mime::entity"),
        _api("Mail::Sender", "mail::sender mail::mailer mail::sendmail mail::send"),
    ),
    "Swift": (_api("SwiftSMTP", "swiftsmtp"), _api("MailCore", "mailcore")),
    "Dart": (_api("mailer", "package:mailer/ package:flutter_email_sender/"),),
    "C": (_LIBCURL, _VMIME, _api("libESMTP", "libesmtp")),
    "C++": (_LIBCURL, _VMIME, _api("Poco", "smtpclientsession")),
    "Lua": (_api("LuaSocket", "socket.smtp"), _api("lua-resty-mail", "resty.mail")),
    "R": (_api("R packages", "blastula mailr emayili gmailr", r"\b(?:blastula|(?:send)?mailR|emayili|gmailr)\b"),),
    "Shell": (
        _api("curl", "--mail-rcpt"),
        _api(
            "mail command",
            "mail mutt swaks smtp",
            r"(?:^|[|;&(]|\bthen|\bdo|\belse)\s{0,20}(?:/usr/s?bin/)?"
            r"(?:mailx?|mutt|swaks|msmtp|ssmtp|sendemail)\s{1,4}(?:-[a-z]|[\"'$])",
        ),
    ),
    "SQL": (
        _api("Database Mail", "sp_send_dbmail"),
        _api("UTL_SMTP", "utl_smtp utl_mail"),
        _api("APEX_MAIL", "apex_mail"),
    ),
    "Apex": (_api("Apex", "messaging.singleemailmessage messaging.massemailmessage messaging.sendemail"),),
    "Apps Script": (_api("Apps Script", "mailapp gmailapp"),),
    "ColdFusion": (_api("cfmail", "cfmail", r"<cfmail\b|\bcfmail\s{0,4}\("),),
    "Python": (
        _api("smtplib", "smtplib", r"\bSMTP(?:_SSL)?\s{0,4}\(|\.sendmail\(|\.send_message\("),
        _api(
            "Django",
            "django.core.mail django.core~import",
            r"\b(?:send_mail|send_mass_mail|mail_admins|mail_managers|EmailMessage|EmailMultiAlternatives)\s{0,4}\(|\.email_user\(",
        ),
        _api("Django", "adminemailhandler", r"\bAdminEmailHandler\b"),
        _api("logging", "smtphandler", r"\bSMTPHandler\b"),
        _api(
            "Flask-Mail",
            "flask_mail flask_mailman",
            r"\bsend_message\(|\bMessage\(|\bEmail(?:Message|MultiAlternatives)\(",
        ),
        _api(
            "a mail package",
            "sendgrid mailjet postmark resend sparkpost mandrill mailchimp sib_api brevo mailersend mailtrap mailgun yagmail redmail "
            "fastapi_mail exchangelib o365 azure pyzmail mailer zeptomail ezgmail simplegmail courier",
            r"^\s{0,80}(?:from|import)\s{1,4}(?:sendgrid|mailjet_rest|postmark(?:er|client)?|resend|sparkpost|mandrill|mailchimp_transactional"
            r"|sib_api_v3_sdk|brevo_python|brevo|mailersend|mailtrap|mailgun|yagmail|redmail|fastapi_mail|exchangelib|O365|pyzmail|mailer"
            r"|azure\.communication\.email|zeptomail|ezgmail|simplegmail|trycourier)\b",
        ),
        _api(
            "the host of a mail service",
            "sendgrid.com mailgun.net mandrillapp.com mailjet.com postmarkapp.com sparkpost.com brevo.com sendinblue.com mailersend.com "
            "resend.com elasticemail.com /sendmail",
            r"\bapi\.(?:eu\.)?(?:sendgrid\.com|mailgun\.net|mailjet\.com|postmarkapp\.com|sparkpost\.com|brevo\.com|sendinblue\.com"
            r"|mailersend\.com|resend\.com|elasticemail\.com)|mandrillapp\.com/api|/(?:me|users/[^\s\"'/]{1,200})/sendMail\b",
        ),
        _api(
            "Amazon SES",
            "ses",
            r"(?:client|resource)\(\s{0,80}(?:service_name\s{0,4}=\s{0,4})?[\"']sesv?2?[\"']|\bboto\.ses\b",
        ),
        _api("web.py", "web.sendmail", r"\bweb\.sendmail\("),
        _api(
            "a mail command", "mailx mutt", r"[\"'](?:/usr/s?bin/)?(?:mailx|mutt|msmtp|ssmtp|swaks)(?:[\"']|\s{1,4}-)"
        ),
    ),
    "YAML": (
        _api("GitHub action", "action-send-mail send-email-action"),
        _api(
            "Ansible",
            "mail:",
            r"^[ \t]{1,40}(?:-[ \t]{1,4})?(?:community\.general\.|ansible\.builtin\.)?mail:[ \t\r]{0,4}$",
        ),
    ),
}
"""Packages, classes, functions and programs of each language."""

_SENDMAIL: Final = _api(
    "sendmail", "sendmail", r"(?:usr/s?bin|usr/lib|/sbin)/sendmail\b|\|\s{0,4}sendmail\b|\bsendmail\s{1,4}-[tfi]"
)
"""The program of the machine that sends mail."""

_RUNS_PROGRAMS: Final = frozenset({"Shell", "Perl", "PHP", "Ruby", "C", "C++", "Python"})

_DATA: Final = frozenset({"YAML", "Python"})
"""Languages in which the name of a service alone is a setting, not code."""


def language_of(path: str) -> str:
    """The language of a file by its name; empty for one that is none of :data:`LANGUAGES`."""
    name = posixpath.basename(path).casefold()
    stem, dot, suffix = name.rpartition(".")
    return _BY_SUFFIX.get(suffix, "") if dot and stem else _BY_NAME.get(name, "")


@functools.cache
def _apis(language: str) -> tuple[_Api, ...]:
    """What a file of this language may name."""
    found: Iterable[_Api] = _OWN.get(language, ())
    if language not in _DATA:
        found = (*found, *_SERVICES)
    return (*found, _SENDMAIL) if language in _RUNS_PROGRAMS else tuple(found)


def apis_named(language: str, data: bytes) -> tuple[str, ...]:
    """The mail APIs that a file in ``language`` names, in order of their names; empty if none.

    Python is a language too, for files of it in which no mail call was found: there, what sends has to be named.
    """
    small = data.lower()
    return tuple(sorted({api.name for api in _apis(language) if api.named(data, small)}, key=str.casefold))
