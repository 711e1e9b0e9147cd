"""The calls of each mail library, in the ways in which it takes people."""

from __future__ import annotations

from .program_code import FROM, Code
from .program_deliveries import Send


def django(code: Code, to: str, cc: str, bcc: str) -> None:
    if not cc and not bcc and code.pick(False, True):
        match code.pick("send_mail", "keyword", "mass", "mass generator", "arguments"):
            case "send_mail":
                code.use("from django.core.mail import send_mail")
                code.add(f'send_mail("S", "B", {FROM}, {to})')
            case "keyword":
                code.use("from django.core import mail")
                code.add(f'mail.send_mail("S", "B", None, recipient_list={to}, fail_silently=False)')
            case "mass":
                code.use("from django.core.mail import send_mass_mail")
                code.add(f'send_mass_mail([("S", "B", {FROM}, {to})])')
            case "mass generator":
                code.use("from django.core.mail import send_mass_mail")
                code.add(f'send_mass_mail(("S", "B", {FROM}, [a]) for a in {to})')
            case _:
                code.use("from django.core.mail import send_mail")
                arguments = code.let(
                    f'{{"recipient_list": {to}, "subject": "S", "message": "B", "from_email": None}}', "kwargs"
                )
                code.add(f"send_mail(**{arguments})")
        return
    cls = code.pick("EmailMessage", "EmailMultiAlternatives")
    code.use(f"from django.core.mail import {cls}")
    to = to or "[]"
    match code.pick("keywords", "attributes", "append", "arguments", "headers"):
        case "keywords":
            more = (f", cc={cc}" if cc else "") + (f", bcc={bcc}" if bcc else "")
            message = code.let(f'{cls}("S", "B", {FROM}, {to}{more})', "message")
        case "attributes":
            message = code.let(f'{cls}(subject="S", body="B")', "message")
            code.add(f"{message}.to = {to}")
            for name, value in (("cc", cc), ("bcc", bcc)):
                if value:
                    code.add(f"{message}.{name} = list({value})")
        case "append":
            message = code.let(f'{cls}("S", "B", {FROM})', "message")
            for name, value in (("to", to), ("cc", cc), ("bcc", bcc)):
                if value:
                    with code.block(f"for each in {value}:"):
                        code.add(f"{message}.{name}.append(each)")
        case "arguments":
            arguments = code.let(f'{{"to": {to}}}', "kwargs")
            for name, value in (("cc", cc), ("bcc", bcc)):
                if value:
                    code.add(f'{arguments}["{name}"] = {value}')
            message = code.let(f'{cls}("S", "B", **{arguments})', "message")
        case _:
            code.use(f"from django.core.mail import {cls}")
            headers = code.pick('{"To": "list@example.com"}', '{"X-Other": "1"}', '{"Reply-To": "fay@example.com"}')
            more = (f", cc={cc}" if cc else "") + (f", bcc={bcc}" if bcc else "")
            message = code.let(f'{cls}("S", "B", {FROM}, {to}, headers={headers}{more})', "message")
    if code.pick(True, True, False):
        code.add(f"{message}.send()")
    else:
        code.use("from django.core.mail import get_connection")
        code.add(f"get_connection().send_messages([{message}])")


def smtp(code: Code, to: str, cc: str, bcc: str) -> None:
    code.use("import smtplib")
    lists = [(name, value) for name, value in (("To", to), ("Cc", cc)) if value]
    if code.pick(True, True, True, False):
        _smtp_object(code, lists, bcc)
    else:
        _smtp_text(code, lists, bcc)


def _smtp_object(code: Code, lists: list[tuple[str, str]], bcc: str) -> None:
    modern = code.pick(False, True)
    if modern:
        code.use("from email.message import EmailMessage")
        message = code.let("EmailMessage()", "msg")
        code.add(f'{message}.set_content("B")')
    else:
        code.use("from email.mime.text import MIMEText")
        message = code.let('MIMEText("B")', "msg")
    code.add(f'{message}["Subject"] = "S"', f'{message}["From"] = {FROM}')
    how = code.pick("joined", "loop", "loop with del", "list" if modern else "joined", "joined name")
    for name, value in lists:
        match how:
            case "joined":
                code.add(f'{message}["{name}"] = ", ".join({value})')
            case "joined name":
                code.use("from email.utils import COMMASPACE")
                code.add(f'{message}["{name}"] = COMMASPACE.join({value})')
            case "list":
                code.add(f'{message}["{name}"] = {value}')
            case "loop":
                with code.block(f"for each in {value}:"):
                    code.add(f'{message}["{name}"] = each')
            case _:
                with code.block(f"for each in {value}:"):
                    code.add(f'del {message}["{name}"]', f'{message}["{name}"] = each')
    everybody = " + ".join(f"list({value})" for _, value in [*lists, *([("Bcc", bcc)] if bcc else [])])
    written = bool(bcc) and code.pick(False, True)
    if written:
        code.add(f'{message}["Bcc"] = ", ".join({bcc})')
    envelope = code.let(everybody or "[]", "envelope")
    if written and code.pick(False, True):
        code.add(f'del {message}["Bcc"]')
    # A message whose To was set in a loop, sent to each of the same list in a second loop, shows the last one to all.
    # Nobody writes that, and which of the list both loops hold is not followed: an expression that is read in two passes
    # is one person (`addresses.distinct`).
    ways = ("sendmail", "send_message", "send_message to", *(() if how == "loop with del" else ("each",)))
    match code.pick(*ways):
        case "sendmail":
            with code.block('with smtplib.SMTP("relay.example.com", 25) as server:'):
                code.add(f"server.sendmail({FROM}, {envelope}, {message}.as_string())")
        case "send_message":
            server = code.let('smtplib.SMTP("relay.example.com")', "server")
            code.add(f"{server}.send_message({message})", f"{server}.quit()")
        case "send_message to":
            server = code.let('smtplib.SMTP("relay.example.com")', "server")
            code.add(f"{server}.send_message({message}, {FROM}, {envelope})")
        case _:
            server = code.let('smtplib.SMTP("relay.example.com")', "server")
            with code.block(f"for reader in {envelope}:"):
                code.add(f"{server}.sendmail({FROM}, [reader], {message}.as_string())")


def _smtp_text(code: Code, lists: list[tuple[str, str]], bcc: str) -> None:
    parts = []
    for name, value in lists:
        joined = code.let(f'", ".join({value})', "line")
        parts.append((name, joined))
    match code.pick("f", "format", "percent", "plus"):
        case "f":
            block = "".join(f"{name}: {{{value}}}\\r\\n" for name, value in parts)
            source = code.let(f'f"Subject: S\\r\\n{block}\\r\\nB"', "source")
        case "format":
            block = "".join(f"{name}: {{}}\\r\\n" for name, _ in parts)
            source = code.let(
                f'"Subject: S\\r\\n{block}\\r\\nB".format({", ".join(value for _, value in parts)})', "source"
            )
        case "percent":
            block = "".join(f"{name}: %s\\r\\n" for name, _ in parts)
            values = "".join(f"{value}, " for _, value in parts)
            source = code.let(f'"Subject: S\\r\\n{block}\\r\\nB" % ({values})', "source")
        case _:
            block = "".join(f'"{name}: " + {value} + "\\r\\n" + ' for name, value in parts)
            source = code.let(f'"Subject: S\\r\\n" + {block}"\\r\\nB"', "source")
    everybody = " + ".join(f"list({value})" for _, value in [*lists, *([("Bcc", bcc)] if bcc else [])])
    server = code.let('smtplib.SMTP("relay.example.com")', "server")
    code.add(f"{server}.sendmail({FROM}, {everybody or '[]'}, {source})")


def sendgrid(code: Code, to: str, cc: str, bcc: str) -> None:
    match code.pick("mail", "methods", "personalization", "each", "data", "post"):
        case "mail":
            code.use("from sendgrid.helpers.mail import Mail")
            mail = _sendgrid_mail(code, to)
            for name, value in (("cc", cc), ("bcc", bcc)):
                if value:
                    _sendgrid_copies(code, mail, name, value)
        case "methods":
            code.use("from sendgrid.helpers.mail import Mail, To")
            mail = code.let(f'Mail(from_email={FROM}, subject="S", plain_text_content="B")', "mail")
            if to:
                with code.block(f"for each in {to}:"):
                    code.add(code.pick(f"{mail}.add_to(each)", f"{mail}.to = To(each)"))
            for name, value in (("cc", cc), ("bcc", bcc)):
                if value:
                    _sendgrid_copies(code, mail, name, value)
        case "personalization":
            code.use("from sendgrid.helpers.mail import Mail, Personalization, Email")
            mail = code.let(f'Mail(from_email={FROM}, subject="S", plain_text_content="B")', "mail")
            person = code.let("Personalization()", "personalization")
            for name, value in (("to", to), ("cc", cc), ("bcc", bcc)):
                if value:
                    cls = code.pick(name.capitalize(), name.capitalize())
                    code.use(f"from sendgrid.helpers.mail import {cls}")
                    with code.block(f"for each in {value}:"):
                        code.add(f"{person}.add_{name}({cls}(each))")
            code.add(f"{mail}.add_personalization({person})")
        case "each":
            code.use("from sendgrid.helpers.mail import Mail, Personalization, To, Cc, Bcc")
            mail = code.let(f'Mail(from_email={FROM}, subject="S", plain_text_content="B")', "mail")
            with code.block(f"for each in {to or bcc}:"):
                person = code.let("Personalization()", "personalization")
                code.add(f"{person}.add_to(To(each))")
                if cc:
                    with code.block(f"for other in {cc}:"):
                        code.add(f"{person}.add_cc(Cc(other))")
                code.add(f"{mail}.add_personalization({person})")
        case "data":
            body = _sendgrid_data(code, to, cc, bcc)
            code.use("from sendgrid import SendGridAPIClient")
            code.add(f'SendGridAPIClient("key").client.mail.send.post(request_body={body})')
            return
        case _:
            body = _sendgrid_data(code, to, cc, bcc)
            code.use("import requests")
            how = code.pick(f"json={body}", f"data=json.dumps({body})")
            code.use("import json")
            code.add(f'requests.post("https://api.sendgrid.com/v3/mail/send", {how}, timeout=9)')
            return
    code.use("from sendgrid import SendGridAPIClient")
    code.add(f'SendGridAPIClient("key").send({mail})')


def _sendgrid_mail(code: Code, to: str) -> str:
    people = code.pick("{to}", "[To(each) for each in {to}]", "[(each, 'Name') for each in {to}]").format(to=to or "[]")
    if "To(" in people:
        code.use("from sendgrid.helpers.mail import To")
    multiple = code.pick("", ", is_multiple=True", ", is_multiple=1", ", is_multiple=False", ", is_multiple=flag")
    if multiple.endswith("flag"):
        multiple = f", is_multiple={code.flag()}"
    return code.let(f'Mail({FROM}, {people}, "S", "B"{multiple})', "mail")


def _sendgrid_copies(code: Code, mail: str, name: str, value: str) -> None:
    cls = name.capitalize()
    code.use(f"from sendgrid.helpers.mail import {cls}")
    with code.block(f"for each in {value}:"):
        code.add(code.pick(f"{mail}.add_{name}(each)", f"{mail}.{name} = {cls}(each)"))


def _sendgrid_data(code: Code, to: str, cc: str, bcc: str) -> str:
    def entries(value: str) -> str:
        return f'[{{"email": each}} for each in {value}]'

    if not cc and not bcc and code.pick(False, True):
        people = f'[{{"to": [{{"email": each}}]}} for each in {to}]'
    else:
        lists = [(name, value) for name, value in (("to", to), ("cc", cc), ("bcc", bcc)) if value]
        people = "[{" + ", ".join(f'"{name}": {entries(value)}' for name, value in lists) + "}]"
    content = '[{"type": "text/plain", "value": "B"}]'
    return code.let(
        f'{{"personalizations": {people}, "from": {{"email": {FROM}}}, "subject": "S", "content": {content}}}', "body"
    )


_BODY = '{"Subject": {"Data": "S"}, "Body": {"Text": {"Data": "T"}}}'


def ses(code: Code, to: str, cc: str, bcc: str) -> None:
    code.use("import boto3")
    lists = [(f"{name}Addresses", value) for name, value in (("To", to), ("Cc", cc), ("Bcc", bcc)) if value]
    match code.pick("v1", "v2", "built", "bulk", "raw"):
        case "v1":
            client = code.let('boto3.client("ses", region_name="us-east-1")', "client")
            code.add(f"{client}.send_email(Source={FROM}, Destination={_destination(lists)}, Message={_BODY})")
        case "v2":
            client = code.let('boto3.client("sesv2", region_name="us-east-1")', "client")
            code.add(
                f'{client}.send_email(FromEmailAddress={FROM}, Destination={_destination(lists)}, Content={{"Simple": {_BODY}}})'
            )
        case "built":
            client = code.let('boto3.client(service_name="ses", region_name="us-east-1")', "client")
            destination = code.let("{}", "destination")
            for name, value in lists:
                code.add(f'{destination}["{name}"] = list({value})')
            code.add(f"{client}.send_email(Source={FROM}, Destination={destination}, Message={_BODY})")
        case "bulk":
            client = code.let('boto3.client("ses", region_name="us-east-1")', "client")
            everybody = to or bcc
            one = code.pick(
                f'[{{"Destination": {{"ToAddresses": [each]}}}} for each in {everybody}]',
                f'[{{"Destination": {{"ToAddresses": list({everybody})}}}}]',
            )
            code.add(
                f"{client}.send_bulk_templated_email(Source={FROM}, Template='t', DefaultTemplateData='{{}}', Destinations={one})"
            )
        case _:
            client = code.let('boto3.client("ses", region_name="us-east-1")', "client")
            code.use("from email.mime.multipart import MIMEMultipart")
            message = code.let("MIMEMultipart()", "msg")
            for name, value in (("To", to), ("Cc", cc)):
                if value:
                    code.add(f'{message}["{name}"] = ", ".join({value})')
            everybody = " + ".join(f"list({value})" for _, value in lists)
            code.add(
                f'{client}.send_raw_email(Source={FROM}, Destinations={everybody}, RawMessage={{"Data": {message}.as_string()}})'
            )


def _destination(lists: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(f'"{name}": list({value})' for name, value in lists) + "}"


def mailgun(code: Code, to: str, cc: str, bcc: str) -> None:
    code.use("import requests")
    data = code.let(f'{{"from": {FROM}, "subject": "S", "text": "T"}}', "data")
    whole = code.pick("{}", '", ".join({})')
    for name, value in (("to", to), ("cc", cc), ("bcc", bcc)):
        if value:
            code.add(f'{data}["{name}"] = {whole.format(value)}')
    variables = code.pick("", '"{}"', "json.dumps({each: {} for each in people})", "flag")
    if variables == "flag":
        with code.block(f"if {code.flag()}:"):
            code.add(f'{data}["recipient-variables"] = "{{}}"')
    elif variables:
        code.use("import json")
        code.add(f'{data}["recipient-variables"] = {variables.replace("people", to or "[]")}')
    url = code.pick(
        "https://api.mailgun.net/v3/mg.example.com/messages", "https://api.eu.mailgun.net/v3/mg.example.com/messages"
    )
    code.add(f'requests.post("{url}", auth=("api", "key"), data={data}, timeout=9)')


APIS: dict[str, Send] = {
    "django": django,
    "smtplib": smtp,
    "sendgrid": sendgrid,
    "ses": ses,
    "mailgun": mailgun,
}
